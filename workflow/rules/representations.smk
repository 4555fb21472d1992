# One vector an image for each representation: all of them for a shard in one job, since they share encoded levels.


rule encode_representations:
    input:
        index="results/datasets/{dataset}/index.csv",
        shard="results/activations/{dataset}/{backbone}/shards/{shard}.safetensors",
        codebooks=lambda w: [f"results/codebooks/{w.dataset}/{w.backbone}/{name}.safetensors" for name in learned(plan(w))],
        precomputed=precomputed_files,
    output:
        shard="results/representations/{dataset}/{backbone}/shards/{shard}.safetensors",
        timings="results/representations/{dataset}/{backbone}/shards/{shard}.timings.csv",
    log:
        "logs/encode_representations/{dataset}.{backbone}.{shard}.log",
    benchmark:
        "benchmarks/encode_representations/{dataset}.{backbone}.{shard}.tsv"
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(4000),
        runtime="4h",
    params:
        plan=lambda w: dumps(plan(w)),
        backend=CONFIG["encoding"]["backend"],
        shards=lambda w: SHARDS[w.dataset],
    message:
        "Encoding {wildcards.dataset}, {wildcards.backbone}, shard {wildcards.shard}"
    script:
        "../../scripts/representations/encode_representations.py"


rule fit_reductions:
    input:
        index="results/datasets/{dataset}/index.csv",
        shards=shard_files("representations"),
    output:
        reductions="results/representations/{dataset}/{backbone}/reductions.safetensors",
    log:
        "logs/fit_reductions/{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(6000),
        runtime="2h",
    params:
        plan=lambda w: dumps(plan(w)),
        seed=CONFIG["seed"],
    message:
        "Fitting second projections of {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/representations/fit_reductions.py"
