# Benchmarks of the suite itself: each topic in a process of its own that has the whole machine.
BENCH = CATALOG["analyses"]["bench"]

from orderless.bench import TOPICS


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
        runtime="2h",
    params:
        photographs=f"--data {BENCH['data']} --weights {BENCH['weights']}" if "data" in BENCH else "",
    message:
        "Measuring {wildcards.topic}"
    shell:
        "python -m orderless.bench {wildcards.topic} --out {output} --threads {threads} {params.photographs} > {log} 2>&1"


rule plot_bench:
    input:
        expand("results/bench/{topic}.json", topic=TOPICS),
    output:
        csv="reports/bench/bench.csv",
        json="reports/bench/bench.json",
        plot=report(
            "reports/bench/bench.svg",
            caption="../report/bench.rst",
            category="9. Speed",
            labels={"What": "Times as fast as the peers"},
        ),
        html=report(
            "reports/bench/bench.html",
            caption="../report/bench.rst",
            category="9. Speed",
            labels={"What": "Ours, peers, limits"},
        ),
    log:
        "logs/plot_bench/all.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="10m",
    message:
        "Tabulating the benchmarks"
    script:
        "../../scripts/plot_bench.py"


rule bench:
    input:
        rules.plot_bench.output,
