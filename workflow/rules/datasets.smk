# Images and their index: one table of (image, split, labels, ...) for each data set.


rule compose_digits:
    output:
        index="results/datasets/{dataset}/index.csv",
        images=directory("results/datasets/{dataset}/images"),
        thumbnails="results/datasets/{dataset}/thumbnails.csv",
    log:
        "logs/compose_digits/{dataset}.log",
    wildcard_constraints:
        dataset=of_kind("datasets", "digits"),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime="10m",
    params:
        dataset=lambda w: dumps(CATALOG["datasets"][w.dataset]),
        fraction=fraction,
        seed=CONFIG["seed"],
    message:
        "Composing the images of {wildcards.dataset}"
    script:
        "../../scripts/datasets/compose_digits.py"


rule index_folder:
    output:
        index="results/datasets/{dataset}/index.csv",
        skipped="results/datasets/{dataset}/skipped.txt",
    log:
        "logs/index_folder/{dataset}.log",
    wildcard_constraints:
        dataset=of_kind("datasets", "folder"),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="2h",
    params:
        dataset=lambda w: dumps(CATALOG["datasets"][w.dataset]),
        fraction=fraction,
        seed=CONFIG["seed"],
        on_bad_image=CONFIG["on_bad_image"],
    message:
        "Listing and checking the images of {wildcards.dataset}"
    script:
        "../../scripts/datasets/index_folder.py"


rule compose_copies:
    output:
        index="results/datasets/{dataset}/index.csv",
        images=directory("results/datasets/{dataset}/images"),
    log:
        "logs/compose_copies/{dataset}.log",
    wildcard_constraints:
        dataset=of_kind("datasets", "copies"),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="2h",
    params:
        dataset=lambda w: dumps(CATALOG["datasets"][w.dataset]),
        fraction=fraction,
        seed=CONFIG["seed"],
    message:
        "Copying images of {wildcards.dataset}"
    script:
        "../../scripts/datasets/compose_copies.py"


rule fetch_dataset:
    output:
        source="results/datasets/{dataset}/source.json",
    log:
        "logs/fetch_dataset/{dataset}.log",
    wildcard_constraints:
        dataset=official_datasets(),
    localrule: True  # nodes of a cluster may have no network
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(1000),
        runtime="24h",
    params:
        dataset=dataset_entry("kind", "files", "root"),
        data=CONFIG["data"],
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../../scripts/datasets/fetch_dataset.py"


rule index_dataset:
    input:
        source="results/datasets/{dataset}/source.json",
    output:
        index="results/datasets/{dataset}/index.csv",
        skipped="results/datasets/{dataset}/skipped.txt",
        images=directory("results/datasets/{dataset}/images"),
    log:
        "logs/index_dataset/{dataset}.log",
    wildcard_constraints:
        dataset=official_datasets(),
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(4000),
        runtime="12h",
    params:
        dataset=dataset_entry(),
        fraction=fraction,
        seed=CONFIG["seed"],
        on_bad_image=CONFIG["on_bad_image"],
    message:
        "Listing and checking the images of {wildcards.dataset}"
    script:
        "../../scripts/datasets/index_dataset.py"
