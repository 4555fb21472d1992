# Vocabularies, from the projected sample of training images only.


rule train_codebook:
    input:
        projected="results/activations/{dataset}/{backbone}/projected-sample.safetensors",
    output:
        codebook="results/codebooks/{dataset}/{backbone}/{codebook}.safetensors",
    log:
        "logs/train_codebook/{dataset}.{backbone}.{codebook}.log",
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
