# Networks with verified weights.


for weights in WORK.of("weights"):

    if CATALOG["backbones"][weights.name]["kind"] == "tinyalex":

        rule:
            name:
                another("train_tinyalex")
            output:
                weights=weights.path(),
            log:
                f"logs/train_tinyalex/{weights.name}.log",
            priority: 10  # everything waits for it
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(1500),
                runtime=minutes(10),
            params:
                name=weights.name,
                backbone=network(weights.name),
                header=text(weights.header()),
                seed=CONFIG["seed"],
            message:
                "Training TinyAlex on single digits"
            script:
                "../../scripts/backbones/train_tinyalex.py"

    else:

        rule:
            name:
                another("verify_weights")
            output:
                weights=weights.path(),
            log:
                f"logs/verify_weights/{weights.name}.log",
            localrule: not names_file(CATALOG["backbones"][weights.name])  # nodes of a cluster may have no network
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(3000),
                runtime=hours(1),
            params:
                name=weights.name,
                backbone=network(weights.name),
                header=text(weights.header()),
            message:
                f"Verifying the weights of {weights.name}"
            script:
                "../../scripts/backbones/verify_weights.py"


for card in WORK.of("card"):

    rule:
        name:
            another("describe_backbone")
        input:
            weights=WEIGHTS[card.name].path(),
        output:
            card=card.path(),
        log:
            f"logs/describe_backbone/{card.name}.log",
        conda:
            "../../envs/orderless.yaml"
        resources:
            mem_mb=memory(3000),
            runtime=minutes(10),
        params:
            name=card.name,
            backbone=network(card.name),
        message:
            f"Describing {card.name}"
        script:
            "../../scripts/backbones/describe_backbone.py"
