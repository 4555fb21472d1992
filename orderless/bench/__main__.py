"""Run one topic: `python -m orderless.bench TOPIC --out FILE.json [--threads N]`."""

import argparse
import importlib
import json
import os
import resource
from pathlib import Path

from orderless.bench.measure import TOPICS


def main() -> None:
    """Measure one topic in this process; the suite and its peers use the same number of threads."""
    parser = argparse.ArgumentParser("orderless.bench", description=__doc__)
    parser.add_argument("topic", choices=TOPICS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--data", help="photographs as train/<class>/* and test/<class>/*; without them the extraction job is not measured"
    )
    parser.add_argument("--weights", help="a file of MobileNetV2's ImageNet weights, for the extraction job")
    args = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(args.threads)

    import torch

    from orderless.bench.measure import machine

    torch.set_num_threads(args.threads)
    module = importlib.import_module(f"orderless.bench.{args.topic}")
    rows = module.measure(**({"data": args.data, "weights": args.weights} if args.topic == "extraction" else {}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    args.out.parent.mkdir(parents=True, exist_ok=True)
    measured = {"topic": args.topic, "rows": rows, "peak_memory_gib": round(peak, 3), "machine": machine()}
    args.out.write_text(json.dumps(measured, indent=2) + "\n")
    for row in rows:
        ours, theirs = (f"{row[key]:.4g} s" for key in ("ours_seconds", "peer_seconds"))
        print(f"{row['figure']}: {ours}; {row['peer']}: {theirs}; ratio {row['ratio']:.2f}; {row['notes']}")
    print(f"peak memory {peak:.2f} GiB")


main()
