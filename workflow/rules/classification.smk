# Linear classifiers: C from the training images, scores and figures of the test images.


rule classify:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("representations"),
        reductions="results/representations/{dataset}/{backbone}/reductions.safetensors",
    output:
        machines="results/classification/{dataset}/{backbone}/{representation}.machines.safetensors",
        scores="results/classification/{dataset}/{backbone}/{representation}.safetensors",
        figures="results/classification/{dataset}/{backbone}/{representation}.csv",
    log:
        "logs/classify/{dataset}.{backbone}.{representation}.log",
    benchmark:
        "benchmarks/classify/{dataset}.{backbone}.{representation}.tsv"
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=6000,
        runtime="4h",
    params:
        plan=lambda w: dumps(PLANS[w.backbone]),
        task=lambda w: CATALOG["datasets"][w.dataset].get("task", "single-label"),
        classifier=dumps(CONFIG["classifier"]),
        bootstrap=CONFIG["bootstrap"],
        seed=CONFIG["seed"],
    message:
        "Classifying {wildcards.dataset}, {wildcards.backbone}, {wildcards.representation}"
    script:
        "../../scripts/classify.py"
