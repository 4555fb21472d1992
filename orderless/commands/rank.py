"""`orderless rank`: which representation tells the classes of a folder best, by the workflow."""

import argparse
import re
from pathlib import Path
from typing import Any

from orderless.commands import shared, workflow
from orderless.errors import OrderlessError

EXAMPLES = """examples:
  orderless rank photos/                                             a folder a class; a handful of representations
  orderless rank photos/ --weights mobilenet_v2.pth --fraction 0.2   on a fifth of each class
  orderless rank photos/ --representations fc7 mpp cl-45 --out mine
  orderless rank photos/ --print-config                              the configuration it stands for, to be changed and run
"""
STOPPED = "\nStopped. What is done is kept: the same command goes on where it stopped."
SMALL, MIDDLE = 400, 3000  # images; below them codebooks and projections are smaller, so that images still resemble one another
SIZES = [(SMALL, 32, 8, 32), (MIDDLE, 64, 32, 64), (float("inf"), 64, 64, 128)]  # below, components of MPP, Gaussians, of CL


def add(commands: Any) -> None:
    """The command and its options."""
    parser = shared.command(
        commands,
        "rank",
        "rank representations by how well they tell the classes of a folder",
        "Rank representations by how well a linear classifier on them tells the classes of a folder: <class>/* (split by a\n"
        "seeded draw), or train/<class>/* and test/<class>/*. Runs the whole workflow and leaves its report; a run that was\n"
        "stopped goes on with the same command.",
        EXAMPLES,
    )
    parser.add_argument("folder", type=Path, help="the folder of classes")
    parser.add_argument("--backbone", default="mobilenet_v2", help="a network: `orderless list backbones` (default: %(default)s)")
    parser.add_argument("--weights", help="a file of the network's weights (default: torchvision's, fetched)")
    parser.add_argument("--representations", nargs="+", metavar="ID", help="which ones: `orderless list representations`")
    parser.add_argument("--fraction", type=shared.share, default=1, help="the share of each class to run on (default: all)")
    shared.add_device(parser)
    parser.add_argument("--configfile", type=Path, help="a configuration laid over the one made here")
    parser.add_argument("--out", type=Path, help="a folder for results and report (default: orderless-<name of the folder>)")
    parser.add_argument("--cores", type=shared.positive, help="processors to use (default: all)")
    parser.add_argument("--strict", action="store_true", help="stop at images that cannot be read, instead of leaving them out")
    parser.add_argument("--print-config", action="store_true", help="print the configuration as YAML, and stop")
    shared.add_formats(parser)


def run(args: argparse.Namespace) -> None:
    """Write the configuration, run the workflow, say what won."""
    import yaml

    config = checked(made_config(args))
    text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None)
    if args.print_config:
        print(text, end="")
        return
    workflow.snakefile()
    out = args.out or Path(f"orderless-{config['run']}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "rank.yaml").write_text(text)
    common = ["--configfile", str((out / "rank.yaml").resolve()), "--rerun-incomplete"]
    workflow.snakemake(out, *common, "--cores", str(args.cores or "all"), "--show-failed-logs")
    workflow.snakemake(out, *common, "--report", str((out / "report.html").resolve()))
    rows = ranking(out, config)
    shared.print_answer({"folder": str(args.folder), "representations": rows}, rows, args.format, as_text(rows, config))
    shared.note(f"The report: {out / 'report.html'}    The configuration: {out / 'rank.yaml'}")


def made_config(args: argparse.Namespace) -> dict[str, Any]:
    """The configuration that the command stands for."""
    from orderless.catalog.datasets import loose_images
    from orderless.catalog.entries import load_catalog, lookup, merge
    from orderless.datasets.folder import list_folder
    from orderless.files.images import find_images, said_of_left_out

    images = round(args.fraction * len(list_folder(args.folder, 0)))
    loose = loose_images(args.folder, find_images(args.folder))
    if loose:
        shared.note(f"{args.folder}: left out: {len(loose)} images that are in no class folder, such as {loose[0].name}.")
    if left_out := said_of_left_out(args.folder):
        shared.note(left_out)
    over = shared.configuration(args.configfile)
    entry = lookup(load_catalog(over.get("catalog", {})), "backbones", args.backbone, "--backbone")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", args.folder.resolve().name).strip("-_") or "photos"
    _, components, words, cross_layer = next(sizes for sizes in SIZES if images < sizes[0])
    adapt = {
        "views": {"pyramid": {"scales": 3}},
        "projections": {"pca-mpp": {"pca": components}, "pca-cl": {"pca": cross_layer}},
        "encoders": {"fisher": {"words": words}},
    }
    weights = {"weights": absolute(args.weights)} if args.weights else {}
    several = (
        ["fc7", "global", "mpp-pool5", "cl-45"] if "patch" in entry else ["fc7", "global", "window-mean", "nfk", "mpp", "cl-45"]
    )
    chosen = {key: value for key in ("device", "seed") if (value := getattr(args, key)) is not None}
    config = chosen | {
        "run": name,
        "datasets": [name],
        "backbones": [args.backbone],
        "representations": args.representations or several,
        "analyses": ["pairs"],
        "fraction": args.fraction,
        "sample": {"images": min(5000, images), "descriptors": min(256_000, 200 * images)},
        "on_bad_image": "fail" if args.strict else "skip",
        "catalog": {
            "datasets": {name: {"kind": "folder", "root": str(args.folder.resolve())}},
            "backbones": {args.backbone: weights | {"adapt": adapt}},
        },
    }
    return merge(config, over)


def absolute(weights: str) -> str:
    """A weights file by its whole path, as the workflow runs in another folder; a published name as it is."""
    if not Path(weights).suffix:
        return weights
    if not Path(weights).is_file():
        raise OrderlessError(f"--weights {weights}: no such file. Name a file, or leave the option out.")
    return str(Path(weights).resolve())


def checked(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration, refused where the workflow would refuse it."""
    from orderless.catalog.configuration import check_selection, load_config, without_vlfeat
    from orderless.catalog.entries import load_catalog
    from orderless.catalog.plans import make_plan

    whole = load_config(config, config)
    catalog = load_catalog(whole["catalog"])
    try:
        without_vlfeat(whole, catalog, whole)
        check_selection(whole, catalog)
        for backbone in whole["backbones"]:
            for dataset in whole["datasets"]:
                make_plan(whole, catalog, backbone, dataset=dataset)
    except OrderlessError as error:
        raise OrderlessError(str(error).replace("config.representations", "--representations")) from error
    return config


def ranking(out: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each representation, best first; `alike`: whether its difference from the best may be chance (95%)."""
    import pandas as pd

    from orderless.reports.metrics import headline

    (dataset,), backbone = config["datasets"], config["backbones"][0]
    metrics = headline(pd.read_csv(out / "reports" / config["run"] / "metrics.csv"), dataset)
    best = metrics["representation"].iloc[0]
    tables = map(
        pd.read_csv, (out / "results" / "analyses" / dataset / backbone).glob("pairs*.csv")
    )  # one a selection that was run
    pairs = next(table for table in tables if set(table["a"]) == set(metrics["representation"]))
    to_best = pairs[pairs["a"] == best].set_index("b")
    rows = []
    for number, row in enumerate(metrics.to_dict("records"), 1):
        name = row["representation"]
        alike = name == best or bool(to_best.loc[name, "low"] <= 0 <= to_best.loc[name, "high"])
        facts = {key: row[key] for key in ("metric", "value", "low", "high", "n", "dimensions", "seconds")}
        rows.append({"rank": number, "representation": name, **facts, "alike": alike})
    return rows


def as_text(rows: list[dict[str, Any]], config: dict[str, Any]) -> list[str]:
    """The table for people, and the winner in a sentence."""
    lines = [f"{'':4s}{'representation':16s} {'accuracy':>8s}  {'95% interval':15s} {'ms an image':>11s} {'dimensions':>10s}"]
    for row in rows:
        value, low, high = (100 * row[key] for key in ("value", "low", "high"))
        costs = f"{1000 * row['seconds']:11.1f} {row['dimensions']:10,d}"
        lines.append(f"{row['rank']:3d} {row['representation']:16s} {value:7.1f}%  {low:5.1f} to {high:5.1f}   {costs}")
    best, alike = rows[0], [row for row in rows[1:] if row["alike"]]
    lines.append(f"\nBest on {rows[0]['n']} test images: {best['representation']}.")
    if alike:
        fastest = min([best, *alike], key=lambda row: row["seconds"])
        names = ", ".join(row["representation"] for row in alike)
        lines.append(f"The test images do not tell it from: {names}. The fastest of these: {fastest['representation']}.")
    else:
        lines.append("It is better than each of the others (95%).")
    return lines
