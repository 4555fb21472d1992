"""Large inputs in bands: the maps of a network without the memory of its first layers on the whole input.

A band is computed with as many rows above and below as its units see, and these are cut off again: where bands meet, the maps are
those of one pass, to rounding. How far units see is measured: a row of NaN spoils exactly the units that look at it.
"""

from typing import Any

import torch

Reach = tuple[int, int]  # rows that a unit sees above its place on the input (its row times the stride), and below


def reach(network: Any) -> Reach | None:
    """How far the units of a dense network's tapped layers see; None where they see everything, or strides are no whole numbers.

    What looks at the whole input at once (attention, squeeze and excitation, a global normalisation) has no bands.
    """
    strides = {role: geometry.stride for role, geometry in network.geometry.items()}
    if not all(stride.is_integer() for stride in strides.values()):
        return None
    weight = next(network.module.parameters())
    for height in (1024, 2048, 4096):
        x, middle = torch.zeros(1, 3, height, network.input_size, dtype=weight.dtype, device=weight.device), height // 2
        x[:, :, middle] = torch.nan
        with torch.inference_mode():
            spoilt = {role: maps.isnan().any(3).any(1)[0].nonzero()[:, 0].tolist() for role, maps in network(x).items()}
            rows = {role: maps.shape[2] for role, maps in network(x).items()}
        if any(found and (found[0] == 0 or found[-1] == rows[role] - 1) for role, found in spoilt.items()):
            continue  # it may see farther than this input reaches
        # One row stands for all: another, by less than a stride away, is seen from as far and a stride.
        above = max(found[-1] * strides[role] - middle + strides[role] for role, found in spoilt.items() if found)
        below = max(middle - found[0] * strides[role] + strides[role] for role, found in spoilt.items() if found)
        return max(0, int(above)), max(0, int(below))
    return None


def in_bands(network: Any, x: torch.Tensor, pixels: int) -> dict[str, torch.Tensor]:
    """The maps of a dense network for inputs (n, 3, h, w), in bands of about so many pixels, or at once where it has no bands."""
    seen, height = network.reach, x.shape[-2]
    if seen is None:
        return network(x)
    above, below = seen
    strides = {role: int(geometry.stride) for role, geometry in network.geometry.items()}
    step = max(strides.values())
    if any(step % stride for stride in strides.values()):
        return network(x)
    band = max(step, (pixels // x.shape[-1] - above - below) // step * step)
    parts: dict[str, list[torch.Tensor]] = {role: [] for role in strides}
    for first in range(0, height, band):
        start, end = max(0, (first - above) // step * step), min(height, first + band + below)
        for role, maps in network(x[..., start:end, :]).items():
            own = slice((first - start) // strides[role], (first + band - start) // strides[role] if end < height else None)
            parts[role].append(maps[:, :, own].clone())
        if end == height:
            break
    return {role: torch.cat(found, 2) for role, found in parts.items()}
