# Vocabularies from the projected sample of training images, a bundle a job; guidance layers from labelled training images.


for room in ROOMS.values():
    for number, codebooks in enumerate(bundles(missing(room, "codebook"))):

        rule:
            name:
                another("train_codebooks")
            input:
                samples=sources(codebooks, "sample"),
            output:
                codebooks=[codebook.path() for codebook in codebooks],
            log:
                f"logs/train_codebooks/{room.dataset}.{room.backbone}.{number}.log",
            benchmark:
                f"benchmarks/train_codebooks/{room.dataset}.{room.backbone}.{number}.tsv"
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(2000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                codebooks=text({codebook.name: room.plan["codebooks"][codebook.name] for codebook in codebooks}),
                headers=headers(codebooks),
                backend=CONFIG["encoding"]["backend"],
                device=CONFIG["device"],
                seed=CONFIG["seed"],
            message:
                f"Training {len(codebooks)} codebooks of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/codebooks/train_codebooks.py"

    for number, codebooks in enumerate(bundles(missing(room, "guidance"))):

        rule:
            name:
                another("train_guidance")
            input:
                index=room.index.path("index.csv"),
                descriptors=sources(codebooks, "descriptors"),
            output:
                codebooks=[codebook.path() for codebook in codebooks],
            log:
                f"logs/train_guidance/{room.dataset}.{room.backbone}.{number}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(4000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                shards=room.shards,
                codebooks=text({codebook.name: room.plan["codebooks"][codebook.name] for codebook in codebooks}),
                headers=headers(codebooks),
                seed=CONFIG["seed"],
            message:
                f"Training {len(codebooks)} guidance layers of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/codebooks/train_guidance.py"
