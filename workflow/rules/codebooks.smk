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
                engine=CONFIG["encoding"]["backend"],
                seed=CONFIG["seed"],
            message:
                f"Training {len(bundle)} codebooks of {{wildcards.dataset}}, {backbone}"
            script:
                "../../scripts/train_codebooks.py"


rule train_guidance:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("activations"),
    output:
        codebook="results/codebooks/{dataset}/{backbone}/{codebook}.safetensors",
    log:
        "logs/train_guidance/{dataset}.{backbone}.{codebook}.log",
    wildcard_constraints:
        codebook=guidance(),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(4000),
        runtime="4h",
    params:
        codebook=lambda w: dumps(plan(w)["codebooks"][w.codebook]),
        sets=lambda w: dumps(plan(w)["sets"]),
        shards=lambda w: SHARDS[w.dataset],
        seed=CONFIG["seed"],
    message:
        "Training guidance {wildcards.codebook} of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/train_guidance.py"
