# Vocabularies from the projected sample of training images, a bundle a job; guidance layers from labelled training images.


CODEBOOKS = "results/codebooks/{dataset}"

for (purpose, backbone), each in PLANS.items():
    for number, bundle in enumerate(bundles(learned(each, supervised=False))):

        rule:
            name:
                f"train_codebooks_{purpose}_{backbone}_{number}"
            input:
                projected=f"results/activations/{{dataset}}/{backbone}/projected-sample.safetensors",
            output:
                codebooks=[f"{CODEBOOKS}/{backbone}/{name}.safetensors" for name in bundle],
            log:
                f"logs/train_codebooks/{{dataset}}.{backbone}.{number}.log",
            benchmark:
                f"benchmarks/train_codebooks/{{dataset}}.{backbone}.{number}.tsv"
            wildcard_constraints:
                dataset="|".join(name for name in DATASETS if PURPOSES[name] == purpose),
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(2000),
                runtime="4h",
            params:
                codebooks=dumps({name: each["codebooks"][name] for name in bundle}),
                backend=CONFIG["encoding"]["backend"],
                seed=CONFIG["seed"],
            message:
                f"Training {len(bundle)} codebooks of {{wildcards.dataset}}, {backbone}"
            script:
                "../../scripts/codebooks/train_codebooks.py"

    for number, bundle in enumerate(bundles(learned(each, supervised=True))):

        rule:
            name:
                f"train_guidance_{purpose}_{backbone}_{number}"
            input:
                index="results/datasets/{dataset}/index.csv",
                shards=shard_files("activations", backbone=backbone),
            output:
                codebooks=[f"{CODEBOOKS}/{backbone}/{name}.safetensors" for name in bundle],
            log:
                f"logs/train_guidance/{{dataset}}.{backbone}.{number}.log",
            wildcard_constraints:
                dataset="|".join(name for name in DATASETS if PURPOSES[name] == purpose),
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(4000),
                runtime="4h",
            params:
                codebooks=dumps({name: each["codebooks"][name] for name in bundle}),
                sets=dumps(each["sets"]),
                seed=CONFIG["seed"],
            message:
                f"Training {len(bundle)} guidance layers of {{wildcards.dataset}}, {backbone}"
            script:
                "../../scripts/codebooks/train_guidance.py"
