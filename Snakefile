# Orderless: orderless pooling of deep activations, from images to a report. See README.md.
from snakemake.utils import min_version

min_version("9.25")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/backbones.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/codebooks.smk"
include: "workflow/rules/representations.smk"
include: "workflow/rules/classification.smk"
include: "workflow/rules/retrieval.smk"
include: "workflow/rules/analyses.smk"
include: "workflow/rules/bench.smk"
include: "workflow/rules/reports.smk"


# What --set-resources and --set-threads, or a profile, say of a family's first rule holds for all of its rules.
for each in workflow.rules:
    family = FAMILIES.get(each.name)
    if family and family != each.name:
        settings = workflow.resource_settings
        each.resources.update(settings._parsed_overwrite_resources.get(family, {}))
        if family in settings._parsed_overwrite_threads:
            each.resources["_cores"] = settings._parsed_overwrite_threads[family]


report: "workflow/report/workflow.rst"


# What takes seconds: on a cluster it would wait longer than it runs.
localrules:
    all,
    collect_bench,
    collect_metrics,
    compare,
    compare_published,
    describe_run,
    judge_claims,
    plot_bench,
    plot_classes,
    plot_comparison,
    summarise,


rule all:
    default_target: True
    input:
        REPORTS,


onstart:
    WORK.sweep()
    state = {"run": RUN, "uses": sorted(result.stem for result in WORK.used), "missing": WORK.told(), "contents": CONTENTS.told}
    state["config"] = CONFIG, LEFT_OUT
    write_text(STATE, json.dumps(state))
    print("\n".join(outlook()))


onsuccess:
    print("\n".join(outcome()))


onerror:
    print("\nStopped. What is done is kept: mend what the lines above say, and type the same command to go on.")
    print("If a run was killed and the folder is still locked, type first: snakemake --unlock")
