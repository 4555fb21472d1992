# Networks with verified weights.


rule train_tinyalex:
    output:
        weights="results/backbones/{backbone}/weights.safetensors",
        card="results/backbones/{backbone}/card.json",
    log:
        "logs/train_tinyalex/{backbone}.log",
    wildcard_constraints:
        backbone=of_kind("backbones", "tinyalex"),
    priority: 10  # everything waits for it
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1500),
        runtime="10m",
    params:
        backbone=network,
        seed=CONFIG["seed"],
    message:
        "Training TinyAlex on single digits"
    script:
        "../../scripts/backbones/train_tinyalex.py"


rule verify_weights:
    output:
        weights="results/backbones/{backbone}/weights.safetensors",
        card="results/backbones/{backbone}/card.json",
    log:
        "logs/verify_weights/{backbone}.log",
    wildcard_constraints:
        backbone="|".join(of_kind("backbones", kind) for kind in ("torchvision", "timm", "caffenet", "bvlc-alexnet", "vgg-cnn-s")),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(3000),
        runtime="1h",
    params:
        backbone=network,
    message:
        "Verifying the weights of {wildcards.backbone}"
    script:
        "../../scripts/backbones/verify_weights.py"
