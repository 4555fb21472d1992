"""What a representation costs, from shapes alone: how long its vectors are, and how many pixels the network sees for an image."""

from typing import Any

from orderless import encoders
from orderless.activations.views import levels
from orderless.catalog.checks import level_count, parts

SIFT = 128  # dimensions of a SIFT descriptor


def dimensions(plan: dict[str, Any], name: str, channels: dict[str, int]) -> int:
    """The length of a representation's vectors, if the codebooks get all their words. channels: of the map of each role.

    For bags of words, and what is fused of several, it is the number of words.
    """
    row = plan["representations"][name]
    if "precomputed" in row:
        return 0
    if parts(row):
        total = sum(dimensions(plan, part, channels) for part in parts(row))
        return min(row.get("pca", total), total)
    codebook = plan["codebooks"][row["codebook"]]
    item = plan["sets"][codebook["set"]]
    encoder, layer = codebook["encoder"], item["layer"]
    size = SIFT if "sift" in layer else channels[layer["tap"]] * layer.get("units", 1) ** 2
    size = min(item["projection"]["pca"], size) if isinstance(item["projection"], dict) else size
    length = vector_length(encoders.make(encoder), encoder["kind"], size, channels.get(layer.get("guide", ""), 0))
    if row["pooling"][-1] == "concat":
        length *= len(row.get("levels", range(level_count(item["views"]))))
    length *= sum(rows * columns for rows, columns in row.get("regions", [[1, 1]]))
    return min(row.get("reduce", length), length)


def vector_length(encoder: Any, kind: str, size: int, guides: int) -> int:
    """The length of the vector of one level. size: of a descriptor. guides: channels of the guide's map."""
    if encoders.is_sparse(encoder):
        return encoder.words
    times = {"fisher": 2 * getattr(encoder, "words", 0), "crosslayer": guides, "guided": getattr(encoder, "channels", 0)}
    return size * times.get(kind, getattr(encoder, "words", 1))


def passes(plan: dict[str, Any], backbone: dict[str, Any]) -> float:
    """The pixels that the network sees of a square image, in images of its training size. Views that are shared are seen once."""
    side, canvas = backbone["input"], backbone["canvas"]
    seen = {
        level
        for item in plan["sets"].values()
        if "tap" in item["layer"]
        for level in levels(item["views"], side, canvas, (canvas, canvas))
    }
    return sum(len(level.boxes) * level.size[0] * level.size[1] for level in seen) / side**2
