# Linear classifiers: C from the training images, scores and figures of the test images. A job takes a bundle of
# representations: small problems cost less than the start of a job, large ones want a job each (`bundle: 1`).


for room in ROOMS.values():
    for number, scores in enumerate(bundles(missing(room, "scores"))):

        rule:
            name:
                another("classify")
            input:
                index=room.index.path("index.csv"),
                vectors=sources(scores, "representations"),
                reductions=sources(scores, "reductions"),
            output:
                classifiers=[result.path(".classifier.safetensors") for result in scores],
                scores=[result.path(".safetensors") for result in scores],
                figures=[result.path(".csv") for result in scores],
            log:
                f"logs/classify/{room.dataset}.{room.backbone}.{number}.log",
            benchmark:
                f"benchmarks/classify/{room.dataset}.{room.backbone}.{number}.tsv"
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(6000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                shards=room.shards,
                plan=rows_of(room, [result.name for result in scores]),
                headers=headers(scores),
                task=room.task,
                classifier=text(CONFIG["classifier"]),
                halves=CONFIG["halves"],
                seed=CONFIG["seed"],
            message:
                f"Classifying {room.dataset}, {room.backbone}: {len(scores)} representations"
            script:
                "../../scripts/classification/classify.py"
