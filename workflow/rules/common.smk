# The configuration, checked; the plan of each backbone; the helpers of the rules files.
import json
import os
import re
import sys

ROOT = os.path.realpath(workflow.basedir)
sys.path.insert(0, ROOT)
from snakemake.exceptions import WorkflowError

from orderless.catalog import plans
from orderless.catalog.published import published_figures
from orderless.catalog.configuration import check_selection, load_config
from orderless.catalog.datasets import may_skip, official, shard_count, task_of
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from orderless.files.jobs import prepare_environment

prepare_environment(ROOT)

try:
    CONFIG = load_config(config)
    CATALOG = load_catalog(CONFIG["catalog"])
    check_selection(CONFIG, CATALOG)
    TASKS = {name: task_of(CATALOG, name) for name in CONFIG["datasets"]}
    PURPOSES = {name: plans.SEARCHED if task == "retrieval" else plans.CLASSIFIED for name, task in TASKS.items()}
    PLANS = {
        (purpose, name): plans.make_plan(CONFIG, CATALOG, name, purpose)
        for purpose in sorted(set(PURPOSES.values()))
        for name in CONFIG["backbones"]
    }
    SHARDS = {name: shard_count(CONFIG, CATALOG, name) for name in CONFIG["datasets"]}
except OrderlessError as error:
    raise WorkflowError(str(error)) from None

RUN = CONFIG["run"]
DATASETS = CONFIG["datasets"]
CLASSIFIED_DATASETS = [name for name in DATASETS if TASKS[name] != "retrieval"]
SEARCHED_DATASETS = [name for name in DATASETS if TASKS[name] == "retrieval"]
BACKBONES = CONFIG["backbones"]
REPRESENTATIONS = CONFIG["representations"]
SEARCHED = CONFIG["searched"]
STUDIED = {study: plans.studied(CONFIG, CATALOG, study) if study in CONFIG["analyses"] else [] for study in CATALOG["analyses"]}
TITLES = {name: entry["title"] for name, entry in CATALOG["representations"].items()}
REPEATED = [plans.repeated(*item) for item in plans.repeats(CONFIG, CATALOG)]
CLASSIFIED = REPRESENTATIONS + REPEATED


wildcard_constraints:
    dataset="|".join(DATASETS),
    backbone="|".join(BACKBONES),
    representation="|".join(dict.fromkeys(CLASSIFIED + SEARCHED)),
    shard=r"\d+",
    run=re.escape(RUN),


def dumps(value):
    """A param as plain text: equal settings, equal text, no rerun."""
    return json.dumps(value, sort_keys=True)


def memory(megabytes):
    """A job's memory, raised with each attempt where a profile retries."""
    return lambda wildcards, attempt: megabytes * attempt


def network(wildcards):
    """What of a backbone's entry changes its activations, as plain text."""
    told = ("title", "licence", "citation", "known_as", "adapt")
    entry = CATALOG["backbones"][wildcards.backbone]
    return dumps({key: value for key, value in entry.items() if key not in told})


def of_kind(section, kind):
    """A pattern for the selected entries of a kind; one that matches nothing where there is none."""
    selected = CONFIG[section]
    return "|".join(name for name in selected if CATALOG[section][name]["kind"] == kind) or "(?!)"


def official_datasets():
    """A pattern for the selected data sets that are downloaded; one that matches nothing where there is none."""
    return "|".join(name for name in DATASETS if official(CATALOG["datasets"][name])) or "(?!)"


def dataset_entry(*keys):
    """A param: what of a data set's entry changes its index, or the given keys alone, as plain text."""

    def entry(wildcards):
        told = ("title", "licence", "citation", "files", "shards", "sample", "metrics", "fraction")
        found = CATALOG["datasets"][wildcards.dataset]
        return dumps({key: value for key, value in found.items() if (key in keys if keys else key not in told)})

    return entry


def fraction(wildcards):
    """The share of a data set that is run on."""
    return CATALOG["datasets"][wildcards.dataset].get("fraction", CONFIG["fraction"])


def shard_files(stage, suffix="safetensors", backbone=None):
    """An input function: the files of all shards of a data set, in order. backbone: of a rule that is made for one."""
    return lambda wildcards: [
        f"results/{stage}/{wildcards.dataset}/{backbone or wildcards.backbone}/shards/{shard}.{suffix}"
        for shard in range(SHARDS[wildcards.dataset])
    ]


def plan(wildcards):
    """The plan of a data set and a network."""
    return PLANS[PURPOSES[wildcards.dataset], wildcards.backbone]


def learned(plan, supervised=None):
    """The codebooks of a plan that must be trained: all, or only those that need labels, or only those that do not."""
    books = {name: entry["encoder"] for name, entry in plan["codebooks"].items() if plans.is_learned(entry["encoder"])}
    return [name for name, encoder in books.items() if supervised in (None, plans.is_supervised(encoder))]


def bundles(names):
    """Names in bundles of the configuration's size: what one job makes of them."""
    return [names[first : first + CONFIG["bundle"]] for first in range(0, len(names), CONFIG["bundle"])]


def precomputed_files(wildcards):
    """The files of precomputed features that the selected representations stack."""
    rows = plan(wildcards)["representations"].values()
    return [row["precomputed"].format(dataset=wildcards.dataset) for row in rows if "precomputed" in row]


def judged(datasets=DATASETS):
    """The figures of every (data set, backbone, representation) that is classified or searched with, as the stem of their files."""
    stages = {plans.CLASSIFIED: ("classification", REPRESENTATIONS), plans.SEARCHED: ("retrieval", SEARCHED)}
    return [
        f"results/{stage}/{dataset}/{backbone}/{name}"
        for dataset in datasets
        for stage, names in [stages[PURPOSES[dataset]]]
        for backbone in BACKBONES
        for name in names
    ]


def codebooks_of(study):
    """An input function: the codebooks that a study's representations are encoded with."""

    def files(wildcards):
        rows = plan(wildcards)["representations"]
        used = {
            rows[leaf]["codebook"]
            for name in STUDIED[study]
            for leaf in plans.leaves(plan(wildcards), name)
            if "codebook" in rows[leaf]
        }
        return [
            f"results/codebooks/{wildcards.dataset}/{wildcards.backbone}/{book}.safetensors"
            for book in learned(plan(wildcards))
            if book in used
        ]

    return files


def classifiers_of(study):
    """The classifiers of a study's representations."""
    return [f"results/classification/{{dataset}}/{{backbone}}/{name}.classifier.safetensors" for name in STUDIED[study]]


def task(wildcards):
    """What a data set asks for."""
    return TASKS[wildcards.dataset]


def shard_stems():
    """Every (data set, backbone, shard), as the stem of its files."""
    return [f"{d}/{b}/shards/{shard}" for d in DATASETS for b in BACKBONES for shard in range(SHARDS[d])]
