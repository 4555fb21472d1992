# Studies beside the comparison, for each data set and network. `analyses:` in the configuration selects them.
# A study leaves its figures under results/; what people see of them is drawn in one job a data set and network.


for room in ROOMS.values():
    for study in missing(room, "scales"):

        rule:
            name:
                another("study_scales")
            input:
                index=room.index.path("index.csv"),
                vectors=sources([study], "representations"),
                reductions=sources([study], "reductions"),
            output:
                figures=study.path(".csv"),
                pairs=study.path(".pairs.csv"),
            log:
                f"logs/study_scales/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(6000),
                runtime=hours(4),
            params:
                dataset=room.dataset,
                shards=room.shards,
                plan=rows_of(room, [row["id"] for row in study.made_of["rows"]]),
                rows=text(study.made_of["rows"]),
                task=room.task,
                classifier=text(CONFIG["classifier"]),
                halves=CONFIG["halves"],
                seed=CONFIG["seed"],
            message:
                f"Studying the scales of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/analyses/study_scales.py"

    for study in missing(room, "invariance"):

        rule:
            name:
                another("study_invariance")
            input:
                index=room.index.path("index.csv"),
                weights=room.weights.path(),
                projections=sources([study], "projections"),
                vectors=sources([study], "representations"),
                reductions=sources([study], "reductions"),
                codebooks=sources([study], "codebooks"),
                classifiers=[result.path(".classifier.safetensors") for result in study.inputs["scores"]],
            output:
                figures=study.path(".csv"),
            log:
                f"logs/study_invariance/{room.dataset}.{room.backbone}.log",
            priority: 5  # the longest of the last jobs
            conda:
                "../../envs/orderless.yaml"
            resources:
                card=1,
                gpu=GPU,
                mem_mb=memory(6000),
                runtime=hours(8),
            params:
                name=room.backbone,
                backbone=network(room.backbone),
                shards=room.shards,
                plan=text(plan_of(room, study.made_of["names"])),
                study=text(CATALOG["analyses"]["invariance"]),
                task=room.task,
                backend=CONFIG["encoding"]["backend"],
                device=CONFIG["device"],
                precision=CONFIG["precision"],
            message:
                f"Transforming test images of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/analyses/study_invariance.py"

    for study in missing(room, "confidence"):

        rule:
            name:
                another("map_confidence")
            input:
                index=room.index.path("index.csv"),
                descriptors=sources([study], "descriptors"),
                vectors=sources([study], "representations"),
                codebooks=sources([study], "codebooks"),
                classifiers=[result.path(".classifier.safetensors") for result in study.inputs["scores"]],
            output:
                figures=study.path(".csv"),
                maps=study.path(".safetensors"),
            log:
                f"logs/map_confidence/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(6000),
                runtime=hours(4),
            params:
                shards=room.shards,
                plan=text(plan_of(room, study.made_of["names"])),
                headers=headers([study]),
                study=text(CATALOG["analyses"]["confidence"]),
                backend=CONFIG["encoding"]["backend"],
                device=CONFIG["device"],
            message:
                f"Mapping the confidence of {room.dataset}, {room.backbone}"
            script:
                "../../scripts/analyses/map_confidence.py"

    for study in missing(room, "timings"):

        rule:
            name:
                another("time_extraction")
            input:
                index=room.index.path("index.csv"),
                weights=room.weights.path(),
            output:
                csv=study.path(".csv"),
            log:
                f"logs/time_extraction/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                card=1,
                gpu=GPU,
                mem_mb=memory(6000),
                runtime=hours(2),
            params:
                name=room.backbone,
                backbone=network(room.backbone),
                study=text(study.made_of["study"]),
                device=CONFIG["device"],
                precision=CONFIG["precision"],
            message:
                f"Timing extraction on {room.dataset}, {room.backbone}"
            script:
                "../../scripts/analyses/time_extraction.py"

    for study in missing(room, "pairs"):

        rule:
            name:
                another("compare_pairs")
            input:
                scores=[result.path(".safetensors") for result in study.inputs["scores"]],
            output:
                pairs=study.path(".csv"),
            log:
                f"logs/compare_pairs/{room.dataset}.{room.backbone}.log",
            conda:
                "../../envs/orderless.yaml"
            resources:
                mem_mb=memory(2000),
                runtime=hours(1),
            params:
                dataset=room.dataset,
                task=room.task,
                halves=CONFIG["halves"],
                seed=CONFIG["seed"],
            message:
                f"Comparing pairs on {room.dataset}, {room.backbone}"
            script:
                "../../scripts/analyses/compare_pairs.py"


# study -> what the reports show of it: file, caption, category, labels.
SHOWN = {
    "scales": ("scales-{dataset}-{backbone}.svg", "scales", "6. Scales", "Each scale alone, the first n together"),
    "invariance": ("invariance-{dataset}-{backbone}.svg", "invariance", "7. Invariance", "Test images transformed"),
    "confidence": (
        "confidence-{dataset}-{backbone}.png",
        "confidence",
        "8. Confidence maps",
        "Where the classifier finds its class",
    ),
    "timings": ("timings-{dataset}-{backbone}.html", "timings", "9. Speed", "Seconds: naive and dense, network and pooling"),
    "pairs": ("pairs-{dataset}-{backbone}.svg", "pairs", "2. Comparison", "Paired differences"),
    "seeds": ("seeds-{dataset}-{backbone}.svg", "seeds", "2. Comparison", "Other seeds"),
}
SHOWN = {study: shown for study, shown in SHOWN.items() if study in CONFIG["analyses"]}
OF_CLAIMS = ["claims-{dataset}-{backbone}.html"] if "claims" in CONFIG["analyses"] else []


if SHOWN:

    rule show_studies:
        input:
            unpack(shown_figures),
        output:
            **{
                study: report(
                    f"reports/{{run}}/{file}",
                    caption=f"../report/{caption}.rst",
                    category=category,
                    subcategory="{dataset}",
                    labels={"What": what, "Network": "{backbone}"},
                )
                for study, (file, caption, category, what) in SHOWN.items()
            },
        log:
            "logs/show_studies/{run}.{dataset}.{backbone}.log",
        conda:
            "../../envs/orderless.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=hours(1),
        params:
            studies=list(SHOWN),
            plan=lambda w: dumps({"representations": ROOMS[w.dataset, w.backbone].plan["representations"]}),
            timed=CATALOG["analyses"]["timings"]["representations"],
            titles=lambda w: dumps(TITLES),
            networks=lambda w: dumps({w.backbone: CATALOG["backbones"][w.backbone].get("title", w.backbone)}),
            published=lambda w: dumps(published_seconds(w.dataset, {w.backbone: CATALOG["backbones"][w.backbone]})),
            code=code("analyses/show_studies"),
            papers=PAPERS,
        message:
            "Showing the studies of {wildcards.dataset}, {wildcards.backbone}"
        script:
            "../../scripts/analyses/show_studies.py"


rule judge_claims:
    input:
        unpack(judged_by),
    output:
        csv="reports/{run}/claims-{dataset}-{backbone}.csv",
        html=report(
            "reports/{run}/claims-{dataset}-{backbone}.html",
            caption="../report/claims.rst",
            category="4. Claims of the papers",
            labels={"Data set": "{dataset}", "Network": "{backbone}"},
        ),
    log:
        "logs/judge_claims/{run}.{dataset}.{backbone}.log",
    conda:
        "../../envs/orderless.yaml"
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        titles=lambda w: dumps(TITLES),
        title=lambda w: CATALOG["datasets"][w.dataset].get("title", w.dataset),
        claims=CONTENTS.file(f"{ROOT}/workflow/catalog/claims.yaml"),
        code=code("analyses/judge_claims"),
    message:
        "Holding the papers' claims against {wildcards.dataset}, {wildcards.backbone}"
    script:
        "../../scripts/analyses/judge_claims.py"
