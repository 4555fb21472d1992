"""Large inputs in bands: the maps of a network without the memory that its first layers would need for the whole input.

A band of rows is computed with as many rows above and below as its units see; their maps are cut off again. The maps then equal
those of one pass, up to rounding. How far units see is measured: if one row of the input is NaN, exactly the units that see it
become NaN. Before a network is used with bands, one input is computed both ways and compared.
"""

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from orderless.backbones.dense import DenseNetwork

Reach = tuple[int, int]  # input rows that a unit sees above its own position (its row times the stride), and below it
SAME = 1e-4  # the largest difference that counts as rounding, as a share of the map's largest value


def reach(network: "DenseNetwork") -> Reach | None:
    """How far the units of a network's tapped layers see, or None if its maps cannot be computed in bands.

    Bands are impossible for layers that see the whole input (attention, squeeze and excitation, global normalisation), or that
    use windows on a fixed grid (Swin).
    """
    if network.sees_everything:
        return None
    measured = farthest_view(network)
    if measured is None:
        return None
    step, weight = int(max(geometry.stride for geometry in network.geometry.values())), next(network.module.parameters())
    # The odd number of rows reveals layers that are aligned to anything but the strides.
    x = torch.randn(1, 3, sum(measured) + 5 * step + 13, network.input_size, generator=torch.Generator().manual_seed(0))
    x = x.to(weight.device, weight.dtype)
    with torch.inference_mode():
        whole, joined = network(x), join_bands(network, x, (sum(measured) + 2 * step) * x.shape[-1], measured)
    same = all(
        joined[role].shape == maps.shape and float((joined[role] - maps).abs().max()) <= SAME * float(maps.abs().max())
        for role, maps in whole.items()
    )
    return measured if same else None


def farthest_view(network: "DenseNetwork") -> Reach | None:
    """The farthest distance at which a unit sees a row of NaN; None if all units see it, or strides do not divide one another."""
    strides = {role: geometry.stride for role, geometry in network.geometry.items()}
    if any(max(strides.values()) % stride for stride in strides.values()) or not max(strides.values()).is_integer():
        return None
    weight = next(network.module.parameters())
    for height in (1024, 2048, 4096):
        x, middle = torch.zeros(1, 3, height, network.input_size, dtype=weight.dtype, device=weight.device), height // 2
        x[:, :, middle] = torch.nan
        with torch.inference_mode():
            affected = {role: maps.isnan().any(3).any(1)[0] for role, maps in network(x).items()}
        if not all(rows.any() for rows in affected.values()):
            return None
        if any(rows[0] or rows[-1] for rows in affected.values()):
            continue  # units may see farther than this input reaches
        # One stride more: a row less than a stride away from this one may be seen from that much farther.
        ends = {role: rows.nonzero()[:, 0].aminmax() for role, rows in affected.items()}
        above = max(int(last) * strides[role] - middle + strides[role] for role, (_, last) in ends.items())
        below = max(middle - int(first) * strides[role] + strides[role] for role, (first, _) in ends.items())
        return max(0, int(above)), max(0, int(below))
    return None


def in_bands(network: "DenseNetwork", x: torch.Tensor, pixels: int, view: Reach | None) -> dict[str, torch.Tensor]:
    """The maps of a dense network for inputs (n, 3, h, w), computed in bands of about `pixels` pixels each.

    view: `reach` of the network. If it is None, the whole input is computed in one pass.
    """
    return network(x) if view is None else join_bands(network, x, pixels, view)


def join_bands(network: "DenseNetwork", x: torch.Tensor, pixels: int, view: Reach) -> dict[str, torch.Tensor]:
    """The maps of inputs (n, 3, h, w), joined from bands of about `pixels` pixels. view: `reach` of the network."""
    (above, below), height = view, x.shape[-2]
    strides = {role: int(geometry.stride) for role, geometry in network.geometry.items()}
    step = max(strides.values())
    band = max(step, (pixels // x.shape[-1] - above - below) // step * step)
    parts: dict[str, list[torch.Tensor]] = {role: [] for role in strides}
    for first in range(0, height, band):
        start, end = max(0, (first - above) // step * step), min(height, first + band + below)
        for role, maps in network(x[..., start:end, :]).items():
            inner = slice((first - start) // strides[role], (first + band - start) // strides[role] if end < height else None)
            parts[role].append(maps[:, :, inner].clone())
        if end == height:
            break
    return {role: torch.cat(maps, 2) for role, maps in parts.items()}
