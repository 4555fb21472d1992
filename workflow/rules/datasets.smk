# Images and their index: one table of (image, split, labels, ...) for each data set.


for index in [INDICES[name] for name in DATASETS if INDICES[name] in WORK.parts]:
    kind = CATALOG["datasets"][index.name]["kind"]

    if kind == "digits":

        rule:
            name:
                another("compose_digits")
            output:
                index=index.path("index.csv"),
                images=directory(index.path("images")),
                thumbnails=index.path("thumbnails.csv"),
            log:
                f"logs/compose_digits/{index.name}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(500),
                runtime=minutes(10),
            params:
                dataset=text(CATALOG["datasets"][index.name]),
                fraction=fraction(index.name),
                seed=CONFIG["seed"],
            message:
                f"Composing the images of {index.name}"
            script:
                "../../scripts/datasets/compose_digits.py"

    elif kind == "folder":

        rule:
            name:
                another("index_folder")
            output:
                index=index.path("index.csv"),
                skipped=index.path("skipped.txt"),
            log:
                f"logs/index_folder/{index.name}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(1000),
                runtime=hours(2),
            params:
                dataset=text(CATALOG["datasets"][index.name]),
                fraction=fraction(index.name),
                seed=CONFIG["seed"],
                on_bad_image=CONFIG["on_bad_image"],
            message:
                f"Listing and checking the images of {index.name}"
            script:
                "../../scripts/datasets/index_folder.py"

    elif kind == "copies":

        rule:
            name:
                another("compose_copies")
            output:
                index=index.path("index.csv"),
                images=directory(index.path("images")),
            log:
                f"logs/compose_copies/{index.name}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(1000),
                runtime=hours(2),
            params:
                dataset=text(CATALOG["datasets"][index.name]),
                fraction=fraction(index.name),
                seed=CONFIG["seed"],
            message:
                f"Copying images of {index.name}"
            script:
                "../../scripts/datasets/compose_copies.py"

    else:

        rule:
            name:
                another("index_dataset")
            input:
                source=sources([index], "source")[0],
            output:
                index=index.path("index.csv"),
                skipped=index.path("skipped.txt"),
                images=directory(index.path("images")),
            log:
                f"logs/index_dataset/{index.name}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(4000),
                runtime=hours(12),
            params:
                name=index.name,
                dataset=dataset_entry(index.name),
                fraction=fraction(index.name),
                seed=CONFIG["seed"],
                on_bad_image=CONFIG["on_bad_image"],
            message:
                f"Listing and checking the images of {index.name}"
            script:
                "../../scripts/datasets/index_dataset.py"


for source in WORK.of("source"):

    rule:
        name:
            another("fetch_dataset")
        output:
            source=source.path(),
        log:
            f"logs/fetch_dataset/{source.name}.log",
        localrule: True  # nodes of a cluster may have no network
        conda:
            "../../envs/orderless.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=hours(24),
        params:
            name=source.name,
            dataset=dataset_entry(source.name, "kind", "files", "root"),
            data=CONFIG["data"],
        message:
            f"Fetching {source.name}"
        script:
            "../../scripts/datasets/fetch_dataset.py"
