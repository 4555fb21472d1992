"""A classification network as a dense one: its fully connected head runs as convolutions at every position of a larger image.

Paper B, Sec. 2.2. The network's graph is traced; behind the convolutional part
- a fixed-size adaptive pooling (AlexNet, VGG) is dropped, and the first linear layer becomes a convolution as large as it;
- a global average pooling (ResNet, MobileNet) becomes an average over a window of the training size's map, stride 1;
- flattening is dropped, and every further linear layer becomes a 1 x 1 convolution.
On an input of the training size the dense network's maps are those of the plain network, 1 x 1 behind the head.
"""

from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.backends.mkldnn import is_available as has_onednn
from torch.func import functional_call
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from orderless.errors import OrderlessError, nearest


@dataclass(frozen=True)
class Geometry:
    """How a layer's map lies on the input: channels, stride and window in input pixels, side of the map at training size."""

    channels: int
    stride: float
    window: float
    side: int


class DenseNetwork:
    """A network and its tapped layers.

    model: a torchvision-style classification module. layers: role -> node name (e.g. fc7 -> classifier.5).
    input_size: the training size in pixels. Calling it with (n, 3, h, w) float32 gives role -> (n, c, rows, columns).
    Raises OrderlessError for a node that the network does not have.
    """

    def __init__(self, model: nn.Module, layers: dict[str, str], input_size: int, name: str):
        model = model.eval()
        valid = get_graph_node_names(model)[1]
        for role, node in layers.items():
            # A module's name stands for its last node, as in torchvision's feature extraction.
            if not any(other == node or other.startswith(f"{node}.") for other in valid):
                raise OrderlessError(
                    f"backbone '{name}': layer '{role}' is node '{node}', which it does not have.{nearest(node, valid)}"
                )
        graph = create_feature_extractor(model, return_nodes={node: node for node in layers.values()})
        self.layers = dict(layers)
        self.input_size = input_size
        folded = fold_batch_norms(graph.eval())
        # Not those of the head below, which have more weights than inputs: there the slower is the faster.
        self.pointwise = [m for m in folded.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)]
        self.module: nn.Module = make_dense(folded, input_size).eval()
        self.geometry = self._measure()

    def __call__(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = self.module(x)
        return {role: as_map(maps[node]) for role, node in self.layers.items()}

    def place(self, device: str) -> "DenseNetwork":
        """Put it on a device, its weights fixed and in the layout that is fastest there; returns itself."""
        for convolution in self.pointwise:
            # Means nothing to a kernel of one, but on a single thread torch leaves oneDNN for something slower without it.
            convolution.dilation = (2, 2) if device == "cpu" and has_onednn() else (1, 1)
        self.module.to(torch.device(device)).to(memory_format=torch.channels_last).requires_grad_(False)
        return self

    @torch.inference_mode()
    def _measure(self) -> dict[str, Geometry]:
        parameter = next(self.module.parameters())
        more = 576  # a multiple of networks' strides: powers of two to 64, and CNN-S's 6, 12 and 36
        # Shapes alone are asked for: nothing is computed.
        bare = {name: tensor.to("meta") for name, tensor in (*self.module.named_parameters(), *self.module.named_buffers())}

        def shapes(side: int) -> dict[str, torch.Tensor]:
            maps = functional_call(self.module, bare, (torch.empty(1, 3, side, side, dtype=parameter.dtype, device="meta"),))
            return {role: as_map(maps[node]) for role, node in self.layers.items()}

        small, large = shapes(self.input_size), shapes(self.input_size + more)
        found = {}
        for role, tap in small.items():
            side = tap.shape[-1]
            stride = more / max(large[role].shape[-1] - side, 1)
            # Behind the head a unit sees a whole training image; before it, it stands for its own cell.
            found[role] = Geometry(tap.shape[1], stride, float(self.input_size) if side == 1 else stride, side)
        return found


def as_map(x: torch.Tensor) -> torch.Tensor:
    """(n, c) -> (n, c, 1, 1); maps stay as they are."""
    return x[:, :, None, None] if x.ndim == 2 else x


def fold_batch_norms(module: fx.GraphModule) -> fx.GraphModule:
    """Take each batch normalisation behind a convolution into its weights: the same maps to rounding, in half of the time."""
    modules = dict(module.named_modules())
    for node in list(module.graph.nodes):
        source = node.args[0] if node.args and isinstance(node.args[0], fx.Node) else None
        if source is None or not isinstance(modules.get(str(node.target)), nn.BatchNorm2d) or len(source.users) > 1:
            continue
        if isinstance(modules.get(str(source.target)), nn.Conv2d):
            module.add_submodule(str(source.target), fuse_conv_bn_eval(modules[source.target], modules[node.target]))
            node.replace_all_uses_with(source)
            module.graph.erase_node(node)
    module.recompile()
    return module


def make_dense(module: fx.GraphModule, input_size: int) -> fx.GraphModule:
    """Rewrite the head of a traced network as the module's docstring says. Works on the module given."""
    parameter = next(module.parameters())
    with torch.no_grad():
        ShapeProp(module).propagate(torch.zeros(1, 3, input_size, input_size, dtype=parameter.dtype))
    modules = dict(module.named_modules())

    def shape(node: fx.Node) -> torch.Size:
        return node.meta["tensor_meta"].shape

    nodes = list(module.graph.nodes)
    # What pools before the last convolution is part of it (squeeze and excitation), not of the head.
    last = max((i for i, n in enumerate(nodes) if isinstance(modules.get(str(n.target)), nn.Conv2d)), default=0)
    for node in nodes[last + 1 :]:
        if node.op not in ("call_module", "call_function", "call_method") or "tensor_meta" not in node.meta:
            continue
        source = node.args[0] if node.args and isinstance(node.args[0], fx.Node) else None
        if source is None or "tensor_meta" not in source.meta:
            continue
        kind = type(modules[node.target]) if node.op == "call_module" else node.target
        if kind in (nn.AdaptiveAvgPool2d, nn.functional.adaptive_avg_pool2d) or is_global_mean(node, shape(source)):
            before, after = shape(source), shape(node)
            if after[-1] == before[-1] and after[-2:] == before[-2:]:
                node.replace_all_uses_with(source)
                module.graph.erase_node(node)
            else:
                window = before[-1] if after.numel() == after[0] * after[1] else before[-1] - after[-1] + 1
                with module.graph.inserting_before(node):
                    pool = module.graph.call_function(nn.functional.avg_pool2d, (source, window, 1))
                pool.meta = dict(node.meta)
                node.replace_all_uses_with(pool)
                module.graph.erase_node(node)
        elif kind in (nn.Flatten, torch.flatten, "flatten"):
            # The linear layer behind must know the map that was flattened.
            node.replace_all_uses_with(source)
            module.graph.erase_node(node)
        elif kind is nn.Linear and len(shape(node)) == 2:
            module.add_submodule(str(node.target), linear_as_convolution(modules[node.target], shape(source)))
            node.meta["tensor_meta"] = node.meta["tensor_meta"]._replace(shape=torch.Size((*shape(node), 1, 1)))
        elif kind is nn.Dropout:
            node.replace_all_uses_with(source)
            module.graph.erase_node(node)
    module.graph.eliminate_dead_code()
    module.graph.lint()
    module.recompile()
    return module


def is_global_mean(node: fx.Node, source: torch.Size) -> bool:
    """Whether a node is `x.mean([2, 3])` over a map."""
    dims = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    return node.target in ("mean", torch.mean) and len(source) == 4 and dims in ([2, 3], [-2, -1], (2, 3), (-2, -1))


def linear_as_convolution(linear: nn.Linear, source: torch.Size) -> nn.Conv2d:
    """The convolution that equals a linear layer behind a flattened (1, c, h, w) or flat (1, c) input."""
    channels = source[1]
    height, width = (source[2], source[3]) if len(source) == 4 else (1, 1)
    convolution = nn.Conv2d(channels, linear.out_features, (height, width), bias=linear.bias is not None)
    convolution.weight.data = linear.weight.data.view(linear.out_features, channels, height, width)
    if linear.bias is not None and convolution.bias is not None:
        convolution.bias.data = linear.bias.data
    return convolution
