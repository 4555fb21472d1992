# What a run leaves for people: the tidy metrics, a table and plots for each data set, the facts of the run.
TABLES = [
    "comparison-{dataset}.html",
    "accuracy-{dataset}.svg",
    "costs-{dataset}.html",
]
OF_CLASSES = "classes-{dataset}.svg"
OF_QUERIES = "queries-{dataset}-{backbone}.png"
STUDIES = {
    "scales": "scales-{dataset}-{backbone}.svg",
    "invariance": "invariance-{dataset}-{backbone}.svg",
    "confidence": "confidence-{dataset}-{backbone}.png",
    "timings": "timings-{dataset}-{backbone}.html",
    "pairs": "pairs-{dataset}-{backbone}.svg",
    "claims": "claims-{dataset}-{backbone}.html",
    "seeds": "seeds-{dataset}-{backbone}.svg",
}
PUBLISHED = [name for name in CLASSIFIED_DATASETS if published_figures(name, {b: CATALOG["backbones"][b] for b in BACKBONES})]
REPORTS = [
    f"reports/{RUN}/metrics.csv",
    f"reports/{RUN}/summary.html",
    f"reports/{RUN}/run.html",
    [f"reports/{RUN}/{name}" for table in TABLES for name in expand(table, dataset=DATASETS)],
    [f"reports/{RUN}/published-{dataset}.html" for dataset in PUBLISHED],
    [f"reports/{RUN}/{name}" for name in expand(OF_CLASSES, dataset=CLASSIFIED_DATASETS)],
    [f"reports/{RUN}/{name}" for name in expand(OF_QUERIES, dataset=SEARCHED_DATASETS, backbone=BACKBONES)],
    [
        f"reports/{RUN}/{name}"
        for study in CONFIG["analyses"]
        if study in STUDIES
        for name in expand(STUDIES[study], dataset=CLASSIFIED_DATASETS, backbone=BACKBONES)
    ],
    [f"reports/{RUN}/bench.html"] if BENCHED_HERE or os.path.exists(BENCHED) else [],
]
SELECTED = {
    "datasets": {name: CATALOG["datasets"][name] | {"task": TASKS[name]} for name in DATASETS},
    "backbones": {name: CATALOG["backbones"][name] for name in BACKBONES},
    "representations": {name: CATALOG["representations"][name] for name in dict.fromkeys(REPRESENTATIONS + SEARCHED)},
}


rule collect_metrics:
    input:
        figures=expand("{stem}.csv", stem=judged()),
        extraction=expand("results/activations/{stem}.timings.csv", stem=shard_stems()),
        encoding=expand("results/representations/{stem}.timings.csv", stem=shard_stems()),
    output:
        metrics="reports/{run}/metrics.csv",
    log:
        "logs/collect_metrics/{run}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        plans=lambda w: dumps({d: {b: PLANS[PURPOSES[d], b] for b in BACKBONES} for d in DATASETS}),
    message:
        "Collecting the figures of the run"
    script:
        "../../scripts/reports/collect_metrics.py"


rule describe_run:
    input:
        indices=expand("results/datasets/{dataset}/index.csv", dataset=DATASETS),
        cards=expand("results/backbones/{backbone}/card.json", backbone=BACKBONES),
        skipped=[f"results/datasets/{d}/skipped.txt" for d in DATASETS if may_skip(CATALOG["datasets"][d])],
    output:
        report(
            "reports/{run}/run.html",
            caption="../report/run.rst",
            category="1. The run",
            labels={"What": "Data sets, networks, settings, versions, machine"},
        ),
    log:
        "logs/describe_run/{run}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
        config=lambda w: dumps(CONFIG),
    message:
        "Describing the run"
    script:
        "../../scripts/reports/describe_run.py"


rule summarise:
    input:
        metrics="reports/{run}/metrics.csv",
        classes=expand("reports/{{run}}/classes-{dataset}.csv", dataset=CLASSIFIED_DATASETS),
        claims=[
            f"reports/{RUN}/claims-{dataset}-{backbone}.csv"
            for dataset in CLASSIFIED_DATASETS
            for backbone in BACKBONES
            if "claims" in CONFIG["analyses"]
        ],
        published=expand("reports/{{run}}/published-{dataset}.csv", dataset=PUBLISHED),
    output:
        report(
            "reports/{run}/summary.html",
            caption="../report/summary.rst",
            category="1. The run",
            labels={"What": "Summary: which wins, at what cost, where it fails"},
        ),
    log:
        "logs/summarise/{run}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
        config=lambda w: dumps({key: CONFIG[key] for key in ("run", "datasets", "backbones")}),
    message:
        "Summarising the run"
    script:
        "../../scripts/reports/summarise.py"


rule compare:
    input:
        metrics="reports/{run}/metrics.csv",
    output:
        csv="reports/{run}/comparison-{dataset}.csv",
        html=report(
            "reports/{run}/comparison-{dataset}.html",
            caption="../report/comparison.rst",
            category="2. Comparison",
            subcategory="{dataset}",
            labels={"What": "Table"},
        ),
    log:
        "logs/compare/{run}.{dataset}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
    message:
        "Tabulating {wildcards.dataset}"
    script:
        "../../scripts/reports/compare.py"


rule compare_published:
    input:
        metrics="reports/{run}/metrics.csv",
        scores=lambda w: expand("{stem}.safetensors", stem=judged([w.dataset])),
    output:
        csv="reports/{run}/published-{dataset}.csv",
        html=report(
            "reports/{run}/published-{dataset}.html",
            caption="../report/published.rst",
            category="3. Beside the papers",
            labels={"Data set": "{dataset}"},
        ),
    log:
        "logs/compare_published/{run}.{dataset}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
        fraction=fraction,
    message:
        "Putting the papers' figures beside those of {wildcards.dataset}"
    script:
        "../../scripts/reports/compare_published.py"


rule plot_comparison:
    input:
        metrics="reports/{run}/metrics.csv",
    output:
        accuracy=report(
            "reports/{run}/accuracy-{dataset}.svg",
            caption="../report/accuracy.rst",
            category="2. Comparison",
            subcategory="{dataset}",
            labels={"What": "Figures with intervals"},
        ),
        dimensions="reports/{run}/dimensions-{dataset}.svg",
        seconds="reports/{run}/seconds-{dataset}.svg",
        bytes="reports/{run}/bytes-{dataset}.svg",
        costs=report(
            "reports/{run}/costs-{dataset}.html",
            caption="../report/costs.rst",
            category="2. Comparison",
            subcategory="{dataset}",
            labels={"What": "Against seconds, dimensions, bytes"},
        ),
    log:
        "logs/plot_comparison/{run}.{dataset}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
    message:
        "Plotting the comparison on {wildcards.dataset}"
    script:
        "../../scripts/reports/plot_comparison.py"


rule plot_classes:
    input:
        metrics="reports/{run}/metrics.csv",
        scores=lambda w: expand("{stem}.safetensors", stem=judged([w.dataset])),
    output:
        csv="reports/{run}/classes-{dataset}.csv",
        html=report(
            "reports/{run}/classes-{dataset}.html",
            caption="../report/class-table.rst",
            category="5. Where it fails",
            subcategory="{dataset}",
            labels={"What": "Classes, every representation"},
        ),
        plot=report(
            "reports/{run}/classes-{dataset}.svg",
            caption="../report/classes.rst",
            category="5. Where it fails",
            subcategory="{dataset}",
            labels={"What": "Classes, best representation"},
        ),
    log:
        "logs/plot_classes/{run}.{dataset}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="10m",
    params:
        selected=lambda w: dumps(SELECTED),
    message:
        "Plotting the classes of {wildcards.dataset}"
    script:
        "../../scripts/reports/plot_classes.py"
