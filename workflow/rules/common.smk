# The configuration, checked; what it asks for and what of that is missing; the helpers of the rules files.
import json
import logging
import os
import re
import sys

ROOT = os.path.realpath(workflow.basedir)
sys.path.insert(0, ROOT)
from pathlib import Path

from snakemake.exceptions import WorkflowError

from orderless.backbones.checks import check_networks
from orderless.backends import BACKENDS, has_vlfeat
from orderless.catalog import plans
from orderless.catalog.configuration import check_selection, load_config, without_vlfeat
from orderless.catalog.datasets import left_out_pictures, may_skip, megabytes, official, task_of
from orderless.catalog.entries import load_catalog
from orderless.catalog.kept import earlier_layout
from orderless.catalog.missing import Shelf, Work
from orderless.catalog.published import published_figures, published_seconds
from orderless.catalog.recipes import all_recipes, asked
from orderless.catalog.results import INDEXED_ELSEWHERE, names_file, without
from orderless.errors import OrderlessError
from orderless.files.contents import Contents, digest
from orderless.files.jobs import prepare_environment
from orderless.files.storage import write_text

try:
    EXPLICIT = workflow.config_settings.overwrite_config  # of --configfile and --config
    CONFIG = load_config(config, EXPLICIT)
    CATALOG = load_catalog(CONFIG["catalog"])
    prepare_environment(ROOT, CONFIG["megapixels"])
    RUN = CONFIG["run"]
    # Jobs of a cluster read the workflow again while others make results: what the run began with stands for all of them.
    STATE = Path(f"results/runs/{RUN}.json")
    TOLD = {} if workflow.is_main_process else json.loads(STATE.read_text())
    CONFIG, LEFT_OUT = TOLD.get("config") or without_vlfeat(CONFIG, CATALOG, EXPLICIT)
    check_selection(CONFIG, CATALOG)
    CONTENTS = Contents(Path(".snakemake/orderless/contents.json"), TOLD.get("contents"))
    ROOMS, CARDS = all_recipes(CONFIG, CATALOG, CONTENTS)
    if workflow.is_main_process:
        check_networks(
            {name: CATALOG["backbones"][name] for name in CONFIG["backbones"]},
            {room.backbone: [entry["layer"] for entry in room.plan["sets"].values()] for room in ROOMS.values()},
            Path(".snakemake/orderless/networks.json"),
        )
    # A report draws every step, those whose results exist too.
    WHOLE = any(argument.startswith(("--report", "--rulegraph", "--dag", "--filegraph")) for argument in sys.argv)
    WORK = Work(asked(ROOMS, CARDS), Shelf(TOLD.get("missing"), WHOLE))
    CONTENTS.keep()
except OrderlessError as error:
    raise WorkflowError(str(error)) from None

DATASETS = CONFIG["datasets"]
TASKS = {name: task_of(CATALOG, name) for name in DATASETS}
CLASSIFIED_DATASETS = [name for name in DATASETS if TASKS[name] != "retrieval"]
SEARCHED_DATASETS = [name for name in DATASETS if TASKS[name] == "retrieval"]
BACKBONES = CONFIG["backbones"]
TITLES = {name: entry["title"] for name, entry in CATALOG["representations"].items()}
INDICES = {name: ROOMS[name, BACKBONES[0]].index for name in DATASETS}
WEIGHTS = {name: ROOMS[DATASETS[0], name].weights for name in BACKBONES}
# The order of representations and their papers, by which they are coloured.
PAPERS = digest([(name, entry.get("paper")) for name, entry in CATALOG["representations"].items()])
EXTRACTED, ENCODED = WORK.pace("descriptors"), WORK.pace("representations")  # for messages
TEMPLATES = [CONTENTS.file(path) for path in sorted(Path(ROOT).glob("orderless/reports/templates/*"))]  # of all pages
# What a job that runs a network asks a cluster for, beside `card`, which counts on one machine.
GPU = int(CONFIG["device"] == "cuda")
FAMILIES = {}  # rule -> the rule whose settings it shares


wildcard_constraints:
    dataset="|".join(DATASETS),
    backbone="|".join(BACKBONES),
    run=re.escape(RUN),


def dumps(value):
    """A param as plain text: equal settings, equal text, no rerun."""
    return json.dumps(value, sort_keys=True)


def text(value):
    """The same as a param of its own, whose braces are no wildcards."""
    written = dumps(value)
    return lambda wildcards: written


def growing(amount):
    """A job's memory or time, raised with each attempt where a profile retries."""
    return lambda wildcards, attempt: amount * attempt


memory = minutes = growing  # megabytes; minutes


def hours(count):
    """The time of a long job."""
    return minutes(60 * count)


def another(family):
    """A name for the next of a family of rules. The first has the family's own, the others have numbers."""
    number = 1 + sum(known == family for known in FAMILIES.values())
    name = family if number == 1 else f"{family}_{number}"
    FAMILIES[name] = family
    return name


def bundles(results):
    """Results in bundles of the configuration's size: what one job makes of them."""
    return [results[first : first + CONFIG["bundle"]] for first in range(0, len(results), CONFIG["bundle"])]


def missing(room, *kinds):
    """The results of some kinds that must be made of a data set with a network."""
    return [result for result in WORK.of(*kinds) if room.made.get((result.kind, result.name)) is result]


def headers(results):
    """A param: what the headers of some results' files say of what made them, by name."""
    return text({result.name: result.header() for result in results})


def shard_pattern(room, shards):
    """A wildcard constraint: some shards of a data set."""
    return r"\d+" if len(shards) == room.shards else "|".join(map(str, shards))


def sources(results, role):
    """The files of what some results are made of, in a role, each once."""
    return list(dict.fromkeys(path for result in results for source in result.inputs.get(role, []) for path in source.paths()))


def rows_of(room, names):
    """A param: the rows of the plan that some representations are read back by."""
    wanted, rows = list(names), {}
    while wanted:
        name = wanted.pop()
        rows[name] = room.plan["representations"][name]
        wanted += plans.parts(rows[name])
    return text({"representations": rows})


def network(name):
    """A param: what of a backbone's entry changes its activations."""
    return text(without(CATALOG["backbones"][name], "adapt"))


def dataset_entry(name, *keys):
    """A param: what of a data set's entry changes its index, or the given keys alone."""
    entry = CATALOG["datasets"][name]
    return text({key: entry[key] for key in keys if key in entry} if keys else without(entry, *INDEXED_ELSEWHERE))


def fraction(name):
    """The share of a data set that is run on."""
    return CATALOG["datasets"][name].get("fraction", CONFIG["fraction"])


def judged(*datasets):
    """The figures of every representation of some data sets that is classified or searched with."""
    return [room.figures(name) for (dataset, _), room in ROOMS.items() if dataset in datasets for name in room.names]


def code(*files):
    """A param of a report's rule: a digest of its code, so that another makes it anew."""
    return digest(CONTENTS.code([f"scripts/{file}.py" for file in files]), TEMPLATES)


def part_sources(results, role):
    """The same of one part: a part is made of the like parts."""
    found = [source.path(".safetensors", "{shard}") for result in results for source in result.inputs.get(role, [])]
    return list(dict.fromkeys(found))


def part_of(room, vectors):
    """A param: the part of a plan that some stored representations need."""
    return text(plans.part(room.plan, [result.name for result in vectors], []))


def plan_of(room, names):
    """The part of a plan by which new images are described by some representations."""
    return plans.part(room.plan, [leaf for name in names for leaf in plans.leaves(room.plan, name)], names)


def precomputed(room, vectors):
    """The files of features made elsewhere that are among some representations."""
    return [result.made_of["precomputed"] for result in vectors if "precomputed" in result.made_of]


def shown_figures(wildcards):
    """What the selected studies found."""
    room = ROOMS[wildcards.dataset, wildcards.backbone]
    found = {study: room.study(study).path(".csv") for study in SHOWN if study != "seeds"}
    if "confidence" in SHOWN:
        found |= {"index": room.index.path("index.csv"), "maps": room.study("confidence").path(".safetensors")}
    if "timings" in SHOWN:
        descriptors, vectors = room.timed()
        found["extraction"] = [path for result in descriptors for path in result.paths(".timings.csv")]
        found["encoding"] = [path for result in vectors for path in result.paths(".timings.csv")]
    if "seeds" in SHOWN:
        found["seeds"] = seed_figures(room)
    return found


def judged_by(wildcards):
    """What the papers' claims are held against: pairs, and where they are studied scales and seeds."""
    room, studied = ROOMS[wildcards.dataset, wildcards.backbone], CONFIG["analyses"]
    found = {"pairs": room.study("pairs").path(".csv")}
    if "scales" in studied:
        found["scales"] = room.study("scales").path(".pairs.csv")
    if "seeds" in studied:
        found["seeds"] = seed_figures(room)
    return found


def seed_figures(room):
    """The figures of the representations that were made again with other seeds, the run's own first."""
    return [room.scores(name).path(".csv") for name in plans.studied(CONFIG, CATALOG, "seeds") + room.repeats()]


def left_out(name):
    """The pictures in the folder of a data set that are left out, in words; the folder is looked through once."""
    return CONTENTS.once(f"left out {name}", lambda: left_out_pictures(CATALOG["datasets"][name]))


def outlook():
    """What encodes; what a run is about to do, a line for each data set and network; and what it does not look at."""
    yield f"Encoded by {BACKENDS[CONFIG['encoding']['backend']]}{'' if has_vlfeat() else ' (VLFeat is not installed)'}"
    if LEFT_OUT:
        yield f"Left out, as VLFeat is not installed: {', '.join(LEFT_OUT)}"
    for name in DATASETS:
        if pictures := left_out(name):
            yield f"{name}: left out: {pictures}"
    for (dataset, backbone), room in ROOMS.items():
        extract, encode = [
            len(set().union(*(WORK.parts[result] for result in missing(room, kind)))) for kind in ("descriptors", "representations")
        ]
        figures = len(missing(room, "scores", "similarities"))
        yield f"{dataset}, {backbone}: {room.shards} shards, {extract} to extract, {encode} to encode; {figures} figures to work out"
    if earlier := earlier_layout():
        yield f"{earlier[0]} and {len(earlier) - 1} more are of an earlier version, which nothing reads: `orderless results tidy` names them."


def outcome():
    """After a run: the best of each data set, and where to read on."""
    from pandas import read_csv

    from orderless.reports.metrics import headline

    if os.path.exists(f"reports/{RUN}/metrics.csv") and os.path.exists(f"reports/{RUN}/summary.html"):
        metrics = read_csv(f"reports/{RUN}/metrics.csv")
        for name in set(DATASETS) & set(metrics["dataset"]):
            best = headline(metrics, name).iloc[0]
            figures = f"{best['metric']} {best['value']:.3f} (95%: {best['low']:.3f} to {best['high']:.3f}; n = {best['n']})"
            yield f"{name}: best is {best['representation']} on {best['backbone']}, {figures}"
        yield f"What won, by how much and at what cost: {os.path.abspath(f'reports/{RUN}/summary.html')}"
        yield "All pages in one file: the same command with --report report.html"


def forecast():
    """Before a dry run of an experiment: what it downloads, and what it takes by the README's table, which shapes alone give."""
    sizes = [f"{source.name} {megabytes(CATALOG['datasets'][source.name])}" for source in WORK.of("source")]
    yield f"Downloads: {', '.join(sizes) or 'none'} (?: no size is published)"
    row = re.search(rf"^\| `{CONFIG['experiment']}` \|.*$", Path(ROOT, "README.md").read_text(), re.MULTILINE)
    if row:
        images, _, hours, disk = [cell.strip() for cell in row[0].split("|")[3:7]]
        yield f"Whole: {images} images, {hours} hours of a GPU at 20 x 10^12 operations a second, {disk} of descriptors (docs/scale.md)"
        yield f"Of that this run takes the fraction {CONFIG['fraction']:g}"


def shorten(record):
    """A filter of Snakemake's messages: a job's reason in a few words, where Snakemake prints whole params and all missing files."""
    if reason := getattr(record, "reason", ""):
        reason = reason.split(": Union of exclusive params")[0]
        record.reason = reason if len(reason) <= 120 else f"{reason[:117]}..."
    return True


if "--verbose" not in sys.argv:  # which shows all there is
    logging.getLogger("snakemake.logging").addFilter(shorten)
if CONFIG.get("experiment") and workflow.is_main_process and {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    print("\n".join(forecast()))
