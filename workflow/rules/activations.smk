# Local descriptors: a sample of training images fits the projections; then each shard of images is projected as it is made.


rule sample_activations:
    input:
        index="results/datasets/{dataset}/index.csv",
        weights="results/backbones/{backbone}/weights.safetensors",
    output:
        sample=temp("results/activations/{dataset}/{backbone}/sample.safetensors"),
    log:
        "logs/sample_activations/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        card=1,
        mem_mb=memory(6000),
        runtime="4h",
    params:
        backbone=network,
        sets=lambda w: dumps(plan(w)["sets"]),
        sample=lambda w: dumps(CONFIG["sample"] | CATALOG["datasets"][w.dataset].get("sample", {})),
        seed=CONFIG["seed"],
        device=CONFIG["device"],
        precision=CONFIG["precision"],
    message:
        "Sampling activations of {wildcards.backbone} on training images of {wildcards.dataset}"
    script:
        "../../scripts/activations/sample_activations.py"


rule fit_projections:
    input:
        sample="results/activations/{dataset}/{backbone}/sample.safetensors",
    output:
        projections="results/activations/{dataset}/{backbone}/projections.safetensors",
        projected="results/activations/{dataset}/{backbone}/projected-sample.safetensors",
    log:
        "logs/fit_projections/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(3000),
        runtime="2h",
    params:
        sets=lambda w: dumps(plan(w)["sets"]),
    message:
        "Fitting the projections of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/activations/fit_projections.py"


rule extract_activations:
    input:
        index="results/datasets/{dataset}/index.csv",
        weights="results/backbones/{backbone}/weights.safetensors",
        projections="results/activations/{dataset}/{backbone}/projections.safetensors",
    output:
        shard="results/activations/{dataset}/{backbone}/shards/{shard}.safetensors",
        timings="results/activations/{dataset}/{backbone}/shards/{shard}.timings.csv",
    log:
        "logs/extract_activations/{dataset}.{backbone}.{shard}.log",
    benchmark:
        "benchmarks/extract_activations/{dataset}.{backbone}.{shard}.tsv"
    conda:
        "../../envs/orderless.yaml"
    resources:
        card=1,
        mem_mb=memory(3000),
        runtime="4h",
    params:
        backbone=network,
        sets=lambda w: dumps(plan(w)["sets"]),
        shards=lambda w: SHARDS[w.dataset],
        device=CONFIG["device"],
        precision=CONFIG["precision"],
    message:
        "Extracting {wildcards.dataset}, {wildcards.backbone}, shard {wildcards.shard}"
    script:
        "../../scripts/activations/extract_activations.py"
