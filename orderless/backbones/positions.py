"""Where the units of a network lie on its input.

Every convolution and every pooling widens what a unit sees and may spread the units; padding moves the first one (Dumoulin and
Visin, A guide to convolution arithmetic, arXiv 1603.07285). All other operations leave the units where they are.
"""

from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

aten = torch.ops.aten
POOLS = (aten.max_pool2d_with_indices.default, aten.max_pool2d.default, aten.avg_pool2d.default)


class View(NamedTuple):
    """What the first unit of a layer sees: the rows of the input from `low` to `high`, counted from 0, also those that padding adds
    outside the input. step: rows of the input from one unit to the next."""

    low: float
    high: float
    step: float

    @property
    def centre(self) -> float:
        """The middle of these rows: 0 is the centre of the first pixel."""
        return (self.low + self.high) / 2

    def slid(self, kernel: int, stride: int, padding: int) -> "View":
        """What the first unit sees after a window of `kernel` units has slid over the layer."""
        return View(self.low - padding * self.step, self.high + (kernel - 1 - padding) * self.step, self.step * stride)


class Positions(TorchDispatchMode):
    """Follows the first unit of each layer while a network runs, also on the meta device, where nothing is computed.

    Where layers meet, a unit sees what it sees of each of them. A mean over the whole map, as that of squeeze and excitation, sees
    everything, and does not count there.
    """

    def __init__(self, x: torch.Tensor):
        super().__init__()
        self.views = WeakIdKeyDictionary()
        self.views[x] = View(0, 0, 1)

    def of(self, maps: torch.Tensor) -> View | None:
        """What the first unit of a layer's maps sees; None if it is everything."""
        return self.views.get(maps)

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        outputs = operation(*args, **(kwargs or {}))
        seen = [view for each in tree_leaves(args) if isinstance(each, torch.Tensor) and (view := self.of(each))]
        if seen and not is_mean_of_map(operation, args):
            joined = View(min(view.low for view in seen), max(view.high for view in seen), max(view.step for view in seen))
            for output in tree_leaves(outputs):
                if isinstance(output, torch.Tensor):
                    self.views[output] = joined.slid(*window(operation, args))
        return outputs


def window(operation: Any, args: tuple) -> tuple[int, int, int]:
    """The rows of an operation's window, its stride, and the padding above; (1, 1, 0) for an operation that slides none."""
    if operation is aten.convolution.default:
        _, weight, _, stride, padding, dilation, *_ = args
        return (weight.shape[2] - 1) * dilation[0] + 1, stride[0], padding[0]
    if operation in POOLS:
        kernel, stride, padding = (*args[1:4], *([], [0])[len(args) - 2 :])[:3]
        return kernel[0], (stride or kernel)[0], padding[0]
    if operation is aten.constant_pad_nd.default and len(args[1]) == 4:
        return 1, 1, args[1][2]
    return 1, 1, 0


def is_mean_of_map(operation: Any, args: tuple) -> bool:
    """Whether an operation is the mean over the rows and columns of a map (n, c, rows, columns)."""
    return operation is aten.mean.dim and {dim % args[0].ndim for dim in args[1]} >= {2, 3} and args[0].ndim == 4
