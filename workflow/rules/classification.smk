# Linear classifiers: C from the training images, scores and figures of the test images. A job takes a bundle of
# representations: small problems cost less than the start of a job, large ones want a job each (`bundle: 1`).
SCORES = "results/classification/{dataset}/{backbone}"

for number, bundle in enumerate(bundles(CLASSIFIED)):

    rule:
        name:
            f"classify_{number}"
        input:
            index="results/datasets/{dataset}/index.csv",
            shards=shard_files("representations"),
            reductions="results/representations/{dataset}/{backbone}/reductions.safetensors",
        output:
            classifiers=[f"{SCORES}/{name}.classifier.safetensors" for name in bundle],
            scores=[f"{SCORES}/{name}.safetensors" for name in bundle],
            figures=[f"{SCORES}/{name}.csv" for name in bundle],
        log:
            f"logs/classify/{{dataset}}.{{backbone}}.{number}.log",
        benchmark:
            f"benchmarks/classify/{{dataset}}.{{backbone}}.{number}.tsv"
        conda:
            "../../envs/orderless.yaml"
        resources:
            mem_mb=memory(6000),
            runtime="4h",
        params:
            names=bundle,
            plan=lambda w: dumps(plan(w)),
            task=task,
            classifier=dumps(CONFIG["classifier"]),
            bootstrap=CONFIG["bootstrap"],
            seed=CONFIG["seed"],
        message:
            "Classifying {wildcards.dataset}, {wildcards.backbone}: {params.names}"
        script:
            "../../scripts/classification/classify.py"
