"""What a reader must know beside a figure: fewer dimensions than were asked for, labels that were seen before C was chosen."""

from typing import Any

from orderless.catalog.checks import parts
from orderless.catalog.plans import is_supervised


def notes(plan: dict[str, Any], name: str, images: int) -> list[str]:
    """Sentences about the figure of a representation, and about those of its parts. images: that projections are learned on."""
    row = plan["representations"][name]
    found = [note for part in parts(row) for note in notes(plan, part, images)]
    for key, fitting, what in (("reduce", images, "second projection"), ("pca", images - 1, "PCA")):
        if row.get(key, 0) > fitting and row.get("learn") != "database":
            found.append(
                f"The {what} of {name} has at most {fitting:,} dimensions instead of {row[key]:,}: "
                f"the {images:,} images that it is learned on span no more."
            )
    if row.get("rule") == "adaptive":
        found.append("Weights come from searches without a match: each leaves out the images that share a group with its query.")
    if "codebook" in row and is_supervised(plan["codebooks"][row["codebook"]]["encoder"]):
        found.append(
            f"The C of {name} is chosen on training images whose labels trained its guidance, and may be too large. "
            "The figure itself is of test images, which nothing was learned on."
        )
    return list(dict.fromkeys(found))
