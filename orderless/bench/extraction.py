"""Topic: dense passes beside crops, a whole job beside bare forward passes, pooling beside a forward pass, memory beside images."""

import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from orderless.activations.extraction import Extractor, extract
from orderless.activations.projection import fit_pca
from orderless.activations.views import cut, pyramid_sides, whole
from orderless.analyses.timings import crops_of_windows
from orderless.backbones.dense import DenseNetwork
from orderless.backbones.networks import architecture, densify, pick_device
from orderless.backbones.weights import fetch_model
from orderless.bench.measure import comparison, paired, timed
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog, merge
from orderless.catalog.plans import make_plan
from orderless.encoders.crosslayer import Encoder
from orderless.files.images import read_image
from orderless.files.jobs import quiet
from orderless.representations.normalisation import normalise

CAFFENET: dict[str, Any] = {
    "kind": "caffenet", "weights": "random", "input": 227, "canvas": 256, "mean": [0.5] * 3, "std": [0.25] * 3,
    "layers": {"conv4": "relu4", "conv5": "relu5", "fc7": "relu7"},
}  # fmt: skip


def caffenet(device: str) -> DenseNetwork:
    """CaffeNet, the AlexNet geometry of papers B and D, with random weights."""
    torch.manual_seed(0)
    return densify(architecture(CAFFENET, "caffenet"), CAFFENET, "caffenet").place(device)


def noise(side: int) -> Image.Image:
    """A square image of random pixels."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def synchronised(call: Callable[[], Any], device: str) -> Callable[[], None]:
    """The call, which also waits until the GPU has finished."""

    def call_and_wait() -> None:
        call()
        if device != "cpu":
            torch.cuda.synchronize()

    return call_and_wait


def dense_against_crops(network: DenseNetwork, device: str) -> list[dict]:
    """The activations of scales 1 to 4, and 1 to 6, by dense passes and by batches of crops: seconds and operations."""
    extractor, image, geometry = Extractor(network, CAFFENET, {}, {}, device), noise(500), network.geometry["fc7"]
    spent = []
    for side in pyramid_sides(CAFFENET["input"], 6):
        grid = extractor.forward(cut(image, whole(side)))["fc7"].shape[-1]
        inputs = {"dense": cut(image, whole(side)), "crops": cut(image, crops_of_windows(side, 227, geometry.stride, grid))}
        flops = {}
        for name, pixels in inputs.items():
            with FlopCounterMode(display=False) as counter:
                extractor.forward(pixels[:1])
            flops[name] = counter.get_total_flops() * len(pixels)
        calls = {name: synchronised(partial(extractor.forward, pixels), device) for name, pixels in inputs.items()}
        spent.append((paired(calls, repeats=3), flops))
    rows = []
    for scales in (4, 6):
        ours, theirs = (sum(times[name] for times, _ in spent[:scales]) for name in ("dense", "crops"))
        work = sum(f["crops"] for _, f in spent[:scales]) / sum(f["dense"] for _, f in spent[:scales])
        share = theirs / ours / work
        notes = {"ratio_of_flops": work, "share_of_that_ratio": share, "wanted_share": 0.8}
        rows.append(
            comparison(f"Dense extraction, AlexNet geometry, scales 1 to {scales}", "crops, batched", ours, theirs, **notes)
        )
    return rows


def pooling_against_forward(network: DenseNetwork, device: str) -> dict:
    """The pooling and normalisation of CL-45 for one image, beside its forward pass."""
    extractor, rng = Extractor(network, CAFFENET, {}, {}, device), np.random.default_rng(0)
    inputs = cut(noise(256), whole(227))
    maps = extractor.forward(inputs)
    x = rng.normal(size=(121, 500)).astype(np.float32)
    guide = maps["conv5"][0, :, 1:-1, 1:-1].flatten(1).T.clamp_min(0).cpu().numpy()
    encoder = Encoder()
    calls = {
        "pooling": lambda: normalise(encoder.encode(x, guide, {}, None), ["signed_sqrt", "l2"]),
        "forward": synchronised(partial(extractor.forward, inputs), device),
    }
    times = paired(calls, repeats=15)
    share = times["pooling"] / times["forward"]
    return comparison(
        "CL-45, pooling and normalisation", "its forward pass", times["pooling"], times["forward"], share=share, wanted=10
    )


def job_against_forward(data: str, weights: str, device: str, images: int = 60) -> dict:
    """From image files to projected descriptors (MobileNetV2, three scales), beside the forward passes of the same batches."""
    from orderless.files.images import find_images

    catalog = load_catalog({"backbones": {"mobilenet_v2": {"weights": weights, "adapt": {"views": {"pyramid": {"scales": 3}}}}}})
    entry = catalog["backbones"]["mobilenet_v2"]
    plan = make_plan(merge(DEFAULTS, {"representations": ["mpp"]}), catalog, "mobilenet_v2")
    model, _ = fetch_model(entry, "mobilenet_v2")
    network = densify(model, entry, "mobilenet_v2").place(device)
    files = find_images(Path(data))
    paths = [str(path) for path in files[:: len(files) // images][:images]]
    (name,) = plan["sets"]
    pca = fit_pca([np.random.default_rng(0).normal(size=(3000, 1280))], 128)
    extractor = Extractor(network, entry, plan["sets"], {name: pca}, device)
    levels = extractor.levels_of(name, (256, 256))
    picture = read_image(paths[0])
    batches = [torch.from_numpy(cut(picture, level)).to(device).permute(0, 3, 1, 2).float() for level in levels]

    def bare() -> None:
        with torch.inference_mode():
            for _ in paths:
                for batch in batches:
                    network(batch)

    times = paired({"job": lambda: extract(extractor, paths, read_image, quiet), "bare": synchronised(bare, device)}, repeats=5)
    notes = {"images_a_second": images / times["job"], "share_of_bare_throughput": times["bare"] / times["job"], "wanted": 0.85}
    figure = f"Extraction job, {images} photographs, MobileNetV2, three scales"
    return comparison(figure, "bare forward passes", times["job"], times["bare"], times["bare"], **notes)


def memory_against_images(network: DenseNetwork, device: str) -> dict:
    """The peak of memory after a shard of 5 images at 7 scales, and after 10 such shards."""
    catalog = load_catalog({"backbones": {"alex": CAFFENET}})
    plan = make_plan(merge(DEFAULTS, {"representations": ["mpp"]}), catalog, "alex")
    (name,) = plan["sets"]
    pca = fit_pca([np.random.default_rng(0).normal(size=(5000, 4096)).astype(np.float32)], 128)
    extractor = Extractor(network, CAFFENET, plan["sets"], {name: pca}, device)
    peaks, seconds = [], []
    for shards in (1, 9):
        for _ in range(shards):
            seconds.append(timed(partial(extract, extractor, ["noise"] * 5, lambda _: noise(500), quiet))[0] / 5)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
    notes = {"peak_gib_5_images": peaks[0], "peak_gib_50_images": peaks[1], "growth": peaks[1] / peaks[0], "wanted_growth": 1.1}
    return comparison(
        "An image of 50, AlexNet geometry, 7 scales", "one of the first 5", float(np.mean(seconds)), seconds[0], **notes
    )


def measure(data: str | None, weights: str | None) -> list[dict]:
    """All comparisons. Memory comes first, before others raise the peak. data, weights: as in `__main__`, or None."""
    device = pick_device("auto")
    network = caffenet(device)
    rows = [memory_against_images(network, device), *dense_against_crops(network, device), pooling_against_forward(network, device)]
    return [*rows, job_against_forward(data, weights, device)] if data and weights else rows
