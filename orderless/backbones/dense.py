"""A classification network as a dense one: its fully connected head runs as convolutions at every position of a larger image.

Paper B, Sec. 2.2. The graph of the network is traced and changed after the convolutional part:
- an adaptive pooling to a fixed size (AlexNet, VGG) is removed, and the first linear layer becomes a convolution of that size;
- a global average pooling (ResNet, MobileNet) becomes an average over a window as large as the map at the training size, stride 1;
- flattening and dropout are removed, and every further linear layer becomes a 1 x 1 convolution.
For an input of the training size, the dense network gives the same values as the original one, in maps of 1 x 1 after the head.
"""

from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.backends.mkldnn import is_available as has_onednn
from torch.func import functional_call
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from orderless.backbones.positions import Positions, View
from orderless.errors import OrderlessError, nearest


@dataclass(frozen=True)
class Geometry:
    """A layer's map: channels; stride and window of a unit in input pixels; side of the map at the training size.

    first: the centre of the first unit, in pixels of the input from the centre of the first pixel, in x as in y. None: the units
    are centred on the input.
    """

    channels: int
    stride: float
    window: float
    side: int
    first: float | None = None


class DenseNetwork:
    """A network and its tapped layers.

    model: a classification module as in torchvision. layers: role -> name of a node of its graph (fc7 -> classifier.5).
    input_size: the training size in pixels. Called with (n, 3, h, w) float32, it gives role -> (n, c, rows, columns).
    Raises OrderlessError for a node that the network does not have.
    """

    sees_everything = False  # whether every unit sees the whole input, by construction

    def __init__(self, model: nn.Module, layers: dict[str, str], input_size: int, name: str):
        model = model.eval()
        valid = get_graph_node_names(model)[1]
        # The name of a module stands for its last node, as in torchvision's feature extraction.
        modules = {".".join(node.split(".")[:end]) for node in valid for end in range(1, node.count(".") + 2)}
        for role, node in layers.items():
            if node not in modules:
                where = f"catalog.backbones.{name}.layers.{role}"
                raise OrderlessError(f"{where}: the network has no node '{node}'.{nearest(node, modules)}")
        graph = create_feature_extractor(model, return_nodes={node: node for node in layers.values()})
        self.layers = dict(layers)
        self.input_size = input_size
        folded = fold_batch_norms(graph.eval())
        # Without those of the dense head: they have more weights than inputs, and oneDNN is the slower one for them.
        self.pointwise = [m for m in folded.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)]
        self.module: nn.Module = make_dense(folded, input_size).eval()
        self.geometry = self._measure()

    def __call__(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = self.module(x)
        return {role: as_map(maps[node]) for role, node in self.layers.items()}

    def place(self, device: str) -> "DenseNetwork":
        """Move the network to a device, with the memory layout that is fastest there and fixed weights. Returns itself."""
        for convolution in self.pointwise:
            # Dilation has no effect on a 1 x 1 kernel, but makes torch use oneDNN on a single thread, which is faster.
            convolution.dilation = (2, 2) if device == "cpu" and has_onednn() else (1, 1)
        self.module.to(torch.device(device)).to(memory_format=torch.channels_last).requires_grad_(False)
        return self

    @torch.no_grad()  # in inference mode operations are not broken into those that Positions knows
    def _measure(self) -> dict[str, Geometry]:
        parameter = next(self.module.parameters())
        more = 576  # a multiple of all strides: powers of two up to 64, and CNN-S's 6, 12 and 36
        # On the meta device shapes are derived and nothing is computed.
        on_meta = {name: tensor.to("meta") for name, tensor in (*self.module.named_parameters(), *self.module.named_buffers())}

        def shapes(side: int) -> tuple[dict[str, torch.Tensor], dict[str, View | None]]:
            x = torch.empty(1, 3, side, side, dtype=parameter.dtype, device="meta")
            with Positions(x) as positions:
                maps = functional_call(self.module, on_meta, (x,))
            views = {role: positions.of(maps[node]) for role, node in self.layers.items()}
            return {role: as_map(maps[node]) for role, node in self.layers.items()}, views

        (small, views), (large, _) = shapes(self.input_size), shapes(self.input_size + more)
        geometry = {}
        for role, tap in small.items():
            side = tap.shape[-1]
            stride = more / max(large[role].shape[-1] - side, 1)
            view = views[role]
            # Where pixels are joined in another way than by windows (Swin's patches), the units' stride is not that of the windows.
            first = view.centre if view and view.step == stride else None
            # A unit after the head sees a whole training image; one before it stands for its own cell.
            window = float(self.input_size) if side == 1 else stride
            geometry[role] = Geometry(tap.shape[1], stride, window, side, first)
        return geometry


def as_map(x: torch.Tensor) -> torch.Tensor:
    """An output (n, c) as a map (n, c, 1, 1). Maps are returned unchanged."""
    return x[:, :, None, None] if x.ndim == 2 else x


def fold_batch_norms(module: fx.GraphModule) -> fx.GraphModule:
    """Merge each batch normalisation into the convolution before it: the same maps up to rounding, in half the time."""
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
    """Change the head of a traced network as described at the top of this file. The module is changed in place and returned."""
    parameter = next(module.parameters())
    with torch.no_grad():
        ShapeProp(module).propagate(torch.zeros(1, 3, input_size, input_size, dtype=parameter.dtype))
    modules = dict(module.named_modules())
    nodes = list(module.graph.nodes)
    # Pooling before the last convolution belongs to the convolutional part (squeeze and excitation), not to the head.
    last = max((i for i, n in enumerate(nodes) if isinstance(modules.get(str(n.target)), nn.Conv2d)), default=0)
    for node in nodes[last + 1 :]:
        source = node.args[0] if node.args and isinstance(node.args[0], fx.Node) else None
        if not node.op.startswith("call") or source is None or not {"tensor_meta"} <= node.meta.keys() & source.meta.keys():
            continue
        kind = type(modules[node.target]) if node.op == "call_module" else node.target
        if kind in (nn.AdaptiveAvgPool2d, nn.functional.adaptive_avg_pool2d) or is_global_mean(node, shape_of(source)):
            slide_pooling(module, node, source)
        elif kind in (nn.Flatten, torch.flatten, "flatten", nn.Dropout):
            replace(module, node, source)
        elif kind is nn.Linear and len(shape_of(node)) == 2:
            module.add_submodule(str(node.target), linear_as_convolution(modules[node.target], shape_of(source)))
            node.meta["tensor_meta"] = node.meta["tensor_meta"]._replace(shape=torch.Size((*shape_of(node), 1, 1)))
    module.graph.eliminate_dead_code()
    module.graph.lint()
    module.recompile()
    return module


def shape_of(node: fx.Node) -> torch.Size:
    """The shape of a node's output at the training size."""
    return node.meta["tensor_meta"].shape


def replace(module: fx.GraphModule, node: fx.Node, other: fx.Node) -> None:
    """Remove a node from the graph; its users take the output of another node."""
    node.replace_all_uses_with(other)
    module.graph.erase_node(node)


def slide_pooling(module: fx.GraphModule, node: fx.Node, source: fx.Node) -> None:
    """Replace an adaptive or global average pooling by an average over a fixed window, stride 1; remove it if it has no effect."""
    before, after = shape_of(source), shape_of(node)
    if after[-2:] == before[-2:]:
        replace(module, node, source)
        return
    window = before[-1] if after.numel() == after[0] * after[1] else before[-1] - after[-1] + 1
    with module.graph.inserting_before(node):
        pool = module.graph.call_function(nn.functional.avg_pool2d, (source, window, 1))
    pool.meta = dict(node.meta)
    replace(module, node, pool)


def is_global_mean(node: fx.Node, source: torch.Size) -> bool:
    """Whether a node is the mean `x.mean([2, 3])` of a map. source: the shape of the map."""
    dims = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    return node.target in ("mean", torch.mean) and len(source) == 4 and dims in ([2, 3], [-2, -1], (2, 3), (-2, -1))


def linear_as_convolution(linear: nn.Linear, source: torch.Size) -> nn.Conv2d:
    """The convolution that equals a linear layer. source: the shape of its input before flattening, (1, c, h, w) or (1, c)."""
    channels = source[1]
    height, width = (source[2], source[3]) if len(source) == 4 else (1, 1)
    convolution = nn.Conv2d(channels, linear.out_features, (height, width), bias=linear.bias is not None)
    convolution.weight.data = linear.weight.data.view(linear.out_features, channels, height, width)
    if linear.bias is not None and convolution.bias is not None:
        convolution.bias.data = linear.bias.data
    return convolution
