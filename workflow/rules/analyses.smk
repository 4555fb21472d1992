# Studies beside the comparison, one job for each data set and network. `analyses:` in the configuration selects them.


rule study_scales:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("representations"),
    output:
        figures="results/analyses/{dataset}/{backbone}/scales.csv",
        plot=report(
            f"reports/{RUN}/scales-{{dataset}}-{{backbone}}.svg",
            caption="../report/scales.rst",
            category="6. Scales",
            subcategory="{dataset}",
            labels={"What": "Each scale alone, the first n together", "Network": "{backbone}"},
        ),
    log:
        "logs/study_scales/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(6000),
        runtime="4h",
    params:
        plan=lambda w: dumps(plan(w)),
        study=lambda w: dumps(CATALOG["analyses"]["scales"]),
        task=task,
        titles=lambda w: dumps(TITLES),
        classifier=dumps(CONFIG["classifier"]),
        bootstrap=CONFIG["bootstrap"],
        seed=CONFIG["seed"],
    message:
        "Studying the scales of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/study_scales.py"


rule study_invariance:
    input:
        index="results/datasets/{dataset}/index.csv",
        weights="results/backbones/{backbone}/weights.safetensors",
        projections="results/activations/{dataset}/{backbone}/projections.safetensors",
        shards=shard_files("representations"),
        reductions="results/representations/{dataset}/{backbone}/reductions.safetensors",
        codebooks=codebooks_of("invariance"),
        classifiers=classifiers_of("invariance"),
    output:
        figures="results/analyses/{dataset}/{backbone}/invariance.csv",
        plot=report(
            f"reports/{RUN}/invariance-{{dataset}}-{{backbone}}.svg",
            caption="../report/invariance.rst",
            category="7. Invariance",
            subcategory="{dataset}",
            labels={"What": "Test images transformed", "Network": "{backbone}"},
        ),
    log:
        "logs/study_invariance/{dataset}.{backbone}.log",
    priority: 5  # the longest of the last jobs
    conda:
        "../../envs/orderless.yaml"
    resources:
        card=1,
        mem_mb=memory(6000),
        runtime="8h",
    params:
        backbone=network,
        plan=lambda w: dumps(plan(w)),
        study=lambda w: dumps(CATALOG["analyses"]["invariance"]),
        task=task,
        titles=lambda w: dumps(TITLES),
        backend=CONFIG["encoding"]["backend"],
        device=CONFIG["device"],
        precision=CONFIG["precision"],
    message:
        "Transforming test images of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/study_invariance.py"


rule map_confidence:
    input:
        index="results/datasets/{dataset}/index.csv",
        activations=shard_files("activations"),
        shards=shard_files("representations"),
        codebooks=codebooks_of("confidence"),
        classifiers=classifiers_of("confidence"),
    output:
        figures="results/analyses/{dataset}/{backbone}/confidence.csv",
        gallery=report(
            f"reports/{RUN}/confidence-{{dataset}}-{{backbone}}.png",
            caption="../report/confidence.rst",
            category="8. Confidence maps",
            subcategory="{dataset}",
            labels={"What": "Where the classifier finds its class", "Network": "{backbone}"},
        ),
    log:
        "logs/map_confidence/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(6000),
        runtime="4h",
    params:
        plan=lambda w: dumps(plan(w)),
        study=lambda w: dumps(CATALOG["analyses"]["confidence"]),
        backend=CONFIG["encoding"]["backend"],
    message:
        "Mapping the confidence of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/map_confidence.py"


rule time_extraction:
    input:
        index="results/datasets/{dataset}/index.csv",
        weights="results/backbones/{backbone}/weights.safetensors",
        extraction=shard_files("activations", "timings.csv"),
        encoding=shard_files("representations", "timings.csv"),
    output:
        html=report(
            f"reports/{RUN}/timings-{{dataset}}-{{backbone}}.html",
            caption="../report/timings.rst",
            category="9. Speed",
            subcategory="{dataset}",
            labels={"What": "Seconds: naive and dense, network and pooling", "Network": "{backbone}"},
        ),
        csv="results/analyses/{dataset}/{backbone}/timings.csv",
    log:
        "logs/time_extraction/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        card=1,
        mem_mb=memory(6000),
        runtime="2h",
    params:
        backbone=network,
        plan=lambda w: dumps(plan(w)),
        study=lambda w: dumps(CATALOG["analyses"]["timings"]),
        titles=lambda w: dumps(TITLES),
        device=CONFIG["device"],
        precision=CONFIG["precision"],
    message:
        "Timing extraction on {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/time_extraction.py"


rule compare_pairs:
    input:
        scores=lambda w: expand(
            "results/classification/{{dataset}}/{{backbone}}/{representation}.safetensors", representation=REPRESENTATIONS
        ),
    output:
        pairs="results/analyses/{dataset}/{backbone}/pairs.csv",
        plot=report(
            f"reports/{RUN}/pairs-{{dataset}}-{{backbone}}.svg",
            caption="../report/pairs.rst",
            category="2. Comparison",
            subcategory="{dataset}",
            labels={"What": "Paired differences"},
        ),
    log:
        "logs/compare_pairs/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(2000),
        runtime="1h",
    params:
        titles=lambda w: dumps(TITLES),
        bootstrap=CONFIG["bootstrap"],
        seed=CONFIG["seed"],
    message:
        "Comparing pairs on {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/compare_pairs.py"


rule judge_claims:
    input:
        pairs="results/analyses/{dataset}/{backbone}/pairs.csv",
    output:
        csv=f"reports/{RUN}/claims-{{dataset}}-{{backbone}}.csv",
        html=report(
            f"reports/{RUN}/claims-{{dataset}}-{{backbone}}.html",
            caption="../report/claims.rst",
            category="4. Claims of the papers",
            labels={"Data set": "{dataset}", "Network": "{backbone}"},
        ),
    log:
        "logs/judge_claims/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        titles=lambda w: dumps(TITLES),
        dataset=lambda w: CATALOG["datasets"][w.dataset].get("title", w.dataset),
    message:
        "Holding the papers' claims against {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/judge_claims.py"


rule compare_seeds:
    input:
        figures=[f"results/classification/{{dataset}}/{{backbone}}/{name}.csv" for name in STUDIED["seeds"] + REPEATED],
    output:
        figures="results/analyses/{dataset}/{backbone}/seeds.csv",
        plot=report(
            f"reports/{RUN}/seeds-{{dataset}}-{{backbone}}.svg",
            caption="../report/seeds.rst",
            category="2. Comparison",
            subcategory="{dataset}",
            labels={"What": "Other seeds"},
        ),
    log:
        "logs/compare_seeds/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="10m",
    params:
        titles=lambda w: dumps(TITLES),
    message:
        "Comparing {wildcards.dataset}, {wildcards.backbone} with other seeds"
    script:
        "../../scripts/analyses/compare_seeds.py"
