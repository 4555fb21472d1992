# Vocabularies from the projected sample of training images; guidance layers from labelled training images.


rule train_codebook:
    input:
        projected="results/activations/{dataset}/{backbone}/projected-sample.safetensors",
    output:
        codebook="results/codebooks/{dataset}/{backbone}/{codebook}.safetensors",
    log:
        "logs/train_codebook/{dataset}.{backbone}.{codebook}.log",
    wildcard_constraints:
        codebook=trained(supervised=False),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=2000,
        runtime="4h",
    params:
        codebook=lambda w: dumps(PLANS[w.backbone]["codebooks"][w.codebook]),
        engine=CONFIG["encoding"]["backend"],
        seed=CONFIG["seed"],
    message:
        "Training codebook {wildcards.codebook} of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/train_codebook.py"


rule train_guidance:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("activations"),
    output:
        codebook="results/codebooks/{dataset}/{backbone}/{codebook}.safetensors",
    log:
        "logs/train_guidance/{dataset}.{backbone}.{codebook}.log",
    wildcard_constraints:
        codebook=trained(supervised=True),
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
