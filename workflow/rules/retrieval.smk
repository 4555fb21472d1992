# Searches: each representation, each change of one and each fusion ranks the database for every query.


for room in ROOMS.values():
    searches = missing(room, "similarities")

    if searches:

        rule:
            name:
                another("search")
            input:
                index=room.index.path("index.csv"),
                vectors=sources(searches, "representations"),
                reductions=sources(searches, "reductions"),
            output:
                similarities=[result.path(".safetensors") for result in searches],
                figures=[result.path(".csv") for result in searches],
            log:
                f"logs/search/{room.dataset}.{room.backbone}.log",
            benchmark:
                f"benchmarks/search/{room.dataset}.{room.backbone}.tsv"
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(8000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                shards=room.shards,
                plan=rows_of(room, [result.name for result in searches]),
                headers=headers(searches),
                metrics=CATALOG["datasets"][room.dataset].get("metrics", ["map", "p1"]),
            message:
                f"Searching {room.dataset}, {room.backbone} in {len(searches)} ways"
            script:
                "../../scripts/retrieval/search.py"


rule show_queries:
    input:
        index=lambda w: INDICES[w.dataset].path("index.csv"),
        similarities=lambda w: [ROOMS[w.dataset, w.backbone].similarities(name).path(".safetensors") for name in CONFIG["searched"]],
        figures=lambda w: [ROOMS[w.dataset, w.backbone].similarities(name).path(".csv") for name in CONFIG["searched"]],
    output:
        report(
            "reports/{run}/queries-{dataset}-{backbone}.png",
            caption="../report/queries.rst",
            category="5. Where it fails",
            subcategory="{dataset}",
            labels={"What": "Best and worst queries, best search"},
        ),
    log:
        "logs/show_queries/{run}.{dataset}.{backbone}.log",
    wildcard_constraints:
        dataset="|".join(SEARCHED_DATASETS) or "(?!)",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        titles=lambda w: dumps(TITLES),
        code=code("retrieval/show_queries"),
    message:
        "Showing queries of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/retrieval/show_queries.py"
