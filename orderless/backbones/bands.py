"""Large inputs in bands: the maps of a network without the memory of its first layers on the whole input.

A band is computed with as many rows above and below as its units see, and these are cut off again: where bands meet, the maps are
those of one pass, to rounding. How far units see is measured, a row of NaN spoiling exactly the units that look at it, and one
input in bands is held against one pass before a network is trusted with them.
"""

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from orderless.backbones.dense import DenseNetwork

Reach = tuple[int, int]  # rows that a unit sees above its place on the input (its row times the stride), and below
SAME = 1e-4  # of a map's largest value: rounding


def reach(network: "DenseNetwork") -> Reach | None:
    """How far the units of a network's tapped layers see; None where its maps cannot be put together from bands.

    What looks at the whole input at once (attention, squeeze and excitation, a global normalisation), or through windows on a grid
    of its own (Swin), has no bands.
    """
    found = sight(network)
    if found is None:
        return None
    step, weight = int(max(geometry.stride for geometry in network.geometry.values())), next(network.module.parameters())
    # an odd rest of rows: what is aligned to anything but the strides shows
    x = torch.randn(1, 3, sum(found) + 5 * step + 13, network.input_size, generator=torch.Generator().manual_seed(0))
    x = x.to(weight.device, weight.dtype)
    with torch.inference_mode():
        whole, parts = network(x), joined(network, x, (sum(found) + 2 * step) * x.shape[-1], found)
    same = all(
        parts[role].shape == maps.shape and float((parts[role] - maps).abs().max()) <= SAME * float(maps.abs().max())
        for role, maps in whole.items()
    )
    return found if same else None


def sight(network: "DenseNetwork") -> Reach | None:
    """The farthest that a row of NaN is seen from; None from everywhere, or where strides do not divide one another."""
    strides = {role: geometry.stride for role, geometry in network.geometry.items()}
    if any(max(strides.values()) % stride for stride in strides.values()) or not max(strides.values()).is_integer():
        return None
    weight = next(network.module.parameters())
    for height in (1024, 2048, 4096):
        x, middle = torch.zeros(1, 3, height, network.input_size, dtype=weight.dtype, device=weight.device), height // 2
        x[:, :, middle] = torch.nan
        with torch.inference_mode():
            spoilt = {role: maps.isnan().any(3).any(1)[0] for role, maps in network(x).items()}
        if not all(rows.any() for rows in spoilt.values()):
            return None
        if any(rows[0] or rows[-1] for rows in spoilt.values()):
            continue  # it may see farther than this input reaches
        # One row stands for all: another, by less than a stride away, is seen from as far and a stride.
        ends = {role: rows.nonzero()[:, 0].aminmax() for role, rows in spoilt.items()}
        above = max(int(last) * strides[role] - middle + strides[role] for role, (_, last) in ends.items())
        below = max(middle - int(first) * strides[role] + strides[role] for role, (first, _) in ends.items())
        return max(0, int(above)), max(0, int(below))
    return None


def in_bands(network: "DenseNetwork", x: torch.Tensor, pixels: int, seen: Reach | None) -> dict[str, torch.Tensor]:
    """The maps of a dense network for inputs (n, 3, h, w), in bands of about `pixels` pixels each.

    seen: `reach` of the network; where it is None the network has no bands, and the input goes through at once.
    """
    return network(x) if seen is None else joined(network, x, pixels, seen)


def joined(network: "DenseNetwork", x: torch.Tensor, pixels: int, seen: Reach) -> dict[str, torch.Tensor]:
    """The maps put together from bands, whose units see so far."""
    (above, below), height = seen, x.shape[-2]
    strides = {role: int(geometry.stride) for role, geometry in network.geometry.items()}
    step = max(strides.values())
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
