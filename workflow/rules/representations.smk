# One vector an image for each representation: all that are missing of a shard in one job, since they share encoded levels.


for room in ROOMS.values():
    for vectors, shards in WORK.groups(missing(room, "representations")):

        rule:
            name:
                another("encode_representations")
            input:
                index=room.index.path("index.csv"),
                descriptors=part_sources(vectors, "descriptors"),
                codebooks=sources(vectors, "codebook"),
                precomputed=precomputed(room, vectors),
            output:
                vectors=[result.path(".safetensors", "{shard}") for result in vectors],
                timings=[result.path(".timings.csv", "{shard}") for result in vectors],
            log:
                f"logs/encode_representations/{room.dataset}.{room.backbone}.{{shard}}.log",
            benchmark:
                f"benchmarks/encode_representations/{room.dataset}.{room.backbone}.{{shard}}.tsv"
            wildcard_constraints:
                shard=shard_pattern(room, shards),
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(4000),
                runtime=hours(4),
            params:
                plan=part_of(room, vectors),
                headers=headers(vectors),
                backend=CONFIG["encoding"]["backend"],
                device=CONFIG["device"],
                shards=room.shards,
            message:
                f"Encoding {room.dataset}, {room.backbone}, {len(vectors)} representations, shard {{wildcards.shard}} of {room.shards} ({{ENCODED}})"
            script:
                "../../scripts/representations/encode_representations.py"

    reductions = missing(room, "reduction")
    if reductions:

        rule:
            name:
                another("fit_reductions")
            input:
                index=room.index.path("index.csv"),
                vectors=sources(reductions, "representations"),
            output:
                reductions=[reduction.path() for reduction in reductions],
            log:
                f"logs/fit_reductions/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(6000),
                runtime=hours(2),
            params:
                dataset=room.dataset,
                shards=room.shards,
                plan=rows_of(room, [reduction.name for reduction in reductions]),
                headers=headers(reductions),
                seed=CONFIG["seed"],
            message:
                f"Fitting {len(reductions)} second projections of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/representations/fit_reductions.py"
