# Benchmarks of the suite itself: each topic in a process of its own that has the whole machine. Their page is in every report
# of this folder: measured by `make bench` on the machine that it names, or in the run itself where `analyses:` asks for `bench`.
from orderless.bench.measure import TOPICS
from orderless.files.storage import file_hash

BENCH = CATALOG["analyses"]["bench"]
BENCHED = "reports/bench/bench.json"
BENCHED_HERE = "bench" in CONFIG["analyses"]


rule measure:
    output:
        "results/bench/{topic}.json",
    log:
        "logs/measure/{topic}.log",
    wildcard_constraints:
        topic="|".join(TOPICS),
    conda:
        "../../envs/orderless.yaml"
    threads: BENCH["threads"]
    resources:
        card=1,
        mem_mb=memory(12000),
        runtime=hours(2),
    params:
        photographs=["--data", BENCH["data"], "--weights", BENCH["weights"]] if "data" in BENCH else [],
    message:
        "Measuring {wildcards.topic}"
    shell:
        "python -m orderless.bench {wildcards.topic} --out {output:q} --threads {threads} {params.photographs:q} > {log:q} 2>&1"


rule collect_bench:
    input:
        expand("results/bench/{topic}.json", topic=TOPICS),
    output:
        csv="reports/bench/bench.csv",
        json=BENCHED,
    log:
        "logs/collect_bench/all.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    message:
        "Collecting the benchmarks"
    script:
        "../../scripts/bench/collect_bench.py"


rule plot_bench:
    input:
        lambda w: BENCHED if BENCHED_HERE or w.run == "bench" else [],
    output:
        plot=report(
            "reports/{run}/bench.svg",
            caption="../report/bench.rst",
            category="9. Speed",
            subcategory="Benchmarks",
            labels={"What": "Times as fast as the peers"},
        ),
        html=report(
            "reports/{run}/bench.html",
            caption="../report/bench.rst",
            category="9. Speed",
            subcategory="Benchmarks",
            labels={"What": "Ours, peers, limits"},
        ),
    log:
        "logs/plot_bench/{run}.log",
    wildcard_constraints:
        run=f"bench|{re.escape(RUN)}",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        measured=BENCHED,
        known=lambda w: "" if BENCHED_HERE or w.run == "bench" else file_hash(BENCHED),
    message:
        "Showing the benchmarks"
    script:
        "../../scripts/bench/plot_bench.py"


rule bench:
    input:
        rules.collect_bench.output,
        multiext("reports/bench/bench", ".svg", ".html"),
