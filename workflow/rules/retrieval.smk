# Searches: each representation, each change of one and each fusion ranks the database for every query.
FOUND = "results/retrieval/{dataset}/{backbone}"


rule search:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("representations"),
        reductions="results/representations/{dataset}/{backbone}/reductions.safetensors",
    output:
        similarities=[f"{FOUND}/{name}.safetensors" for name in SEARCHED],
        figures=[f"{FOUND}/{name}.csv" for name in SEARCHED],
    log:
        "logs/search/{dataset}.{backbone}.log",
    benchmark:
        "benchmarks/search/{dataset}.{backbone}.tsv"
    wildcard_constraints:
        dataset="|".join(SEARCHED_DATASETS) or "(?!)",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(8000),
        runtime="4h",
    params:
        plan=lambda w: dumps(plan(w)),
        metrics=lambda w: CATALOG["datasets"][w.dataset].get("metrics", ["map", "p1"]),
        bootstrap=CONFIG["bootstrap"],
        seed=CONFIG["seed"],
    message:
        "Searching {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/retrieval/search.py"


rule show_queries:
    input:
        index="results/datasets/{dataset}/index.csv",
        similarities=[f"{FOUND}/{name}.safetensors" for name in SEARCHED],
        figures=[f"{FOUND}/{name}.csv" for name in SEARCHED],
    output:
        report(
            f"reports/{RUN}/queries-{{dataset}}-{{backbone}}.png",
            caption="../report/queries.rst",
            category="5. Where it fails",
            subcategory="{dataset}",
            labels={"What": "Best and worst queries, best search"},
        ),
    log:
        "logs/show_queries/{dataset}.{backbone}.log",
    wildcard_constraints:
        dataset="|".join(SEARCHED_DATASETS) or "(?!)",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(2000),
        runtime="10m",
    params:
        titles=lambda w: dumps(TITLES),
    message:
        "Showing queries of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/retrieval/show_queries.py"
