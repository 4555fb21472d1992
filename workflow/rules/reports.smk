# What a run leaves for people: the tidy metrics, a table and plots for each data set, the facts of the run.
TABLES = [
    "comparison-{dataset}.html",
    "accuracy-{dataset}.svg",
    "costs-{dataset}.html",
]
OF_CLASSES = "classes-{dataset}.svg"
OF_QUERIES = "queries-{dataset}-{backbone}.png"
NETWORKS = {name: CATALOG["backbones"][name] for name in BACKBONES}
PUBLISHED = {name: rows for name in CLASSIFIED_DATASETS if (rows := published_figures(name, NETWORKS))}
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
        for study, (name, *_) in SHOWN.items()
        for name in expand(name, dataset=CLASSIFIED_DATASETS, backbone=BACKBONES)
    ],
    [f"reports/{RUN}/{name}" for name in expand(OF_CLAIMS, dataset=CLASSIFIED_DATASETS, backbone=BACKBONES)],
    [f"reports/{RUN}/bench.html"] if BENCHED_HERE or os.path.exists(BENCHED) else [],
]
SELECTED = {
    "datasets": {name: CATALOG["datasets"][name] | {"task": TASKS[name]} for name in DATASETS},
    "backbones": {name: CATALOG["backbones"][name] for name in BACKBONES},
    "representations": {
        name: CATALOG["representations"][name] for name in dict.fromkeys(CONFIG["representations"] + CONFIG["searched"])
    },
}


rule collect_metrics:
    input:
        figures=[result.path(".csv") for result in judged(*DATASETS)],
        extraction=[path for room in ROOMS.values() for result in room.timed()[0] for path in result.paths(".timings.csv")],
        encoding=[path for room in ROOMS.values() for result in room.timed()[1] for path in result.paths(".timings.csv")],
    output:
        metrics="reports/{run}/metrics.csv",
    log:
        "logs/collect_metrics/{run}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        plans=lambda w: dumps(
            {d: {b: {"representations": ROOMS[d, b].plan["representations"]} for b in BACKBONES} for d in DATASETS}
        ),
        code=code("reports/collect_metrics"),
    message:
        "Collecting the figures of the run"
    script:
        "../../scripts/reports/collect_metrics.py"


rule describe_run:
    input:
        metrics="reports/{run}/metrics.csv",  # made last: the codebooks are there by then
        indices=[index.path("index.csv") for index in INDICES.values()],
        cards=[card.path() for card in CARDS.values()],
        skipped=[index.path("skipped.txt") for name, index in INDICES.items() if may_skip(CATALOG["datasets"][name])],
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        config=lambda w: dumps(CONFIG),
        left_out=LEFT_OUT,
        pictures=lambda w: dumps({name: left_out(name) for name in DATASETS}),
        codebooks=[book.path() for room in ROOMS.values() for book in room.learned(room.names)["codebooks"]],
        code=code("reports/describe_run"),
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
        pairs=[room.study("pairs").path(".csv") for room in ROOMS.values()],
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        config=lambda w: dumps({key: CONFIG[key] for key in ("run", "datasets", "backbones")}),
        code=code("reports/summarise"),
    message:
        "Summarising the run"
    script:
        "../../scripts/reports/summarise.py"


rule compare:
    input:
        metrics="reports/{run}/metrics.csv",
        index=lambda w: INDICES[w.dataset].path("index.csv"),
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        plans=lambda w: dumps([ROOMS[w.dataset, backbone].plan for backbone in BACKBONES]),
        code=code("reports/compare"),
    message:
        "Tabulating {wildcards.dataset}"
    script:
        "../../scripts/reports/compare.py"


rule compare_published:
    input:
        metrics="reports/{run}/metrics.csv",
        scores=lambda w: [result.path(".safetensors") for result in judged(w.dataset)],
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        fraction=lambda w: fraction(w.dataset),
        published=lambda w: digest(PUBLISHED[w.dataset]),
        code=code("reports/compare_published"),
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        code=code("reports/plot_comparison"),
        papers=PAPERS,
    message:
        "Plotting the comparison on {wildcards.dataset}"
    script:
        "../../scripts/reports/plot_comparison.py"


rule plot_classes:
    input:
        metrics="reports/{run}/metrics.csv",
        scores=lambda w: [result.path(".safetensors") for result in judged(w.dataset)],
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
        runtime=minutes(10),
    params:
        selected=lambda w: dumps(SELECTED),
        code=code("reports/plot_classes"),
        papers=PAPERS,
    message:
        "Plotting the classes of {wildcards.dataset}"
    script:
        "../../scripts/reports/plot_classes.py"
