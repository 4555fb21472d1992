# Vocabularies from the projected sample of training images, a bundle a job; guidance layers from labelled training images.


CODEBOOKS = "results/codebooks/{dataset}"

for backbone in BACKBONES:
    for number, bundle in enumerate(bundles(learned(backbone, supervised=False))):

        rule:
            name:
                f"train_codebooks_{backbone}_{number}"
            input:
                projected=f"results/activations/{{dataset}}/{backbone}/projected-sample.safetensors",
            output:
                codebooks=[f"{CODEBOOKS}/{backbone}/{name}.safetensors" for name in bundle],
            log:
                f"logs/train_codebooks/{{dataset}}.{backbone}.{number}.log",
            benchmark:
                f"benchmarks/train_codebooks/{{dataset}}.{backbone}.{number}.tsv"
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=2000,
                runtime="4h",
            params:
                codebooks=dumps({name: PLANS[backbone]["codebooks"][name] for name in bundle}),
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
        mem_mb=4000,
        runtime="4h",
    params:
        codebook=lambda w: dumps(PLANS[w.backbone]["codebooks"][w.codebook]),
        shards=lambda w: SHARDS[w.dataset],
        seed=CONFIG["seed"],
    message:
        "Training guidance {wildcards.codebook} of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/train_guidance.py"
