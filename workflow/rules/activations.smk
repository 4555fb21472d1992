# Local descriptors: a sample of training images fits the projections; then each shard of images is projected as it is made.
# A job makes all sets that are missing, so that they share their forward passes.


for room in ROOMS.values():
    samples = missing(room, "sample")
    fitted = missing(room, "projection"), missing(room, "projected sample")

    if samples:

        rule:
            name:
                another("sample_activations")
            input:
                index=room.index.path("index.csv"),
                weights=room.weights.path(),
            output:
                samples=temp([sample.path() for sample in samples]),
            log:
                f"logs/sample_activations/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                card=1,
                gpu=GPU,
                mem_mb=memory(6000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                name=room.backbone,
                backbone=network(room.backbone),
                sets=text({sample.name: room.plan["sets"][sample.name] for sample in samples}),
                sample=text(CONFIG["sample"] | CATALOG["datasets"][room.dataset].get("sample", {})),
                seed=CONFIG["seed"],
                headers=headers(samples),
                device=CONFIG["device"],
                precision=CONFIG["precision"],
            message:
                f"Sampling {len(samples)} sets of activations of {room.backbone} on training images of {room.dataset}"
            script:
                "../../scripts/activations/sample_activations.py"

    if any(fitted):

        rule:
            name:
                another("fit_projections")
            input:
                samples=sources(sum(fitted, []), "sample"),
            output:
                projections=[result.path() for result in fitted[0]],
                projected=[result.path() for result in fitted[1]],
            log:
                f"logs/fit_projections/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(3000),
                runtime=hours(2),
            params:
                sets=text({result.name: room.plan["sets"][result.name] for results in fitted for result in results}),
                projections=headers(fitted[0]),
                projected=headers(fitted[1]),
            message:
                f"Fitting {len(fitted[0])} projections of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/activations/fit_projections.py"

    for sets, shards in WORK.groups(missing(room, "descriptors")):

        rule:
            name:
                another("extract_activations")
            input:
                index=room.index.path("index.csv"),
                weights=room.weights.path(),
                projections=sources(sets, "projection"),
            output:
                descriptors=[result.path(".safetensors", "{shard}") for result in sets],
                timings=[result.path(".timings.csv", "{shard}") for result in sets],
            log:
                f"logs/extract_activations/{room.dataset}.{room.backbone}.{{shard}}.log",
            benchmark:
                f"benchmarks/extract_activations/{room.dataset}.{room.backbone}.{{shard}}.tsv"
            wildcard_constraints:
                shard=shard_pattern(room, shards),
            conda:
                "../../envs/orderless.yaml"
            resources:
                card=1,
                gpu=GPU,
                mem_mb=memory(3000),
                runtime=hours(4),
            params:
                name=room.backbone,
                backbone=network(room.backbone),
                sets=text({result.name: room.plan["sets"][result.name] for result in sets}),
                headers=headers(sets),
                shards=room.shards,
                device=CONFIG["device"],
                precision=CONFIG["precision"],
            message:
                f"Extracting {room.dataset}, {room.backbone}, {len(sets)} sets, shard {{wildcards.shard}} of {room.shards} ({{EXTRACTED}})"
            script:
                "../../scripts/activations/extract_activations.py"
