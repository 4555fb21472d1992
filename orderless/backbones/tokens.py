"""Vision transformers as dense networks (Dosovitskiy et al., ICLR 2021).

Patch tokens are the local descriptors; the class token stands for the fully connected layers. A larger input has more patches, and
the position embeddings are interpolated to their grid.
"""

import math

import torch
from torch import nn
from torchvision.models import VisionTransformer

from orderless.backbones.dense import DenseNetwork, Geometry, as_map
from orderless.catalog.entries import is_global
from orderless.errors import OrderlessError, nearest


def patch_side(model: nn.Module) -> int | None:
    """The side of the patches in pixels, for a vision transformer of torchvision or timm; None for any other network."""
    if isinstance(model, VisionTransformer):
        return model.patch_size
    if hasattr(model, "patch_embed") and getattr(model, "pos_embed", None) is not None:
        return model.patch_embed.patch_size[0]  # type: ignore[union-attr, index, return-value]
    return None


class TokenNetwork(DenseNetwork):
    """A vision transformer and its tapped layers, used like a DenseNetwork.

    model: of torchvision, or of timm with dynamic_img_size. layers: role -> name of a module. The output (n, tokens, c) of a tapped
    module becomes the map (n, c, rows, columns) of its patch tokens, without class and register tokens. For a role of `is_global`
    it becomes the class token (n, c, 1, 1), or the mean of the patch tokens if there is no class token. If the sides of an input
    are not multiples of the patch, its borders are cut off, half of the surplus on either side.
    """

    sees_everything = True  # every patch attends to every other; position embeddings depend on the size of the input

    def __init__(self, model: nn.Module, layers: dict[str, str], input_size: int, name: str):
        modules = dict(model.named_modules())
        for role, node in layers.items():
            if node not in modules:
                raise OrderlessError(
                    f"catalog.backbones.{name}.layers.{role}: the network has no module '{node}'.{nearest(node, modules)}"
                )
        self.layers, self.input_size, self.pointwise = dict(layers), input_size, []
        self.module: nn.Module = model.eval()
        self.patch = patch_side(model) or 0
        self.outputs: dict[str, torch.Tensor] = {}
        for node in dict.fromkeys(layers.values()):
            modules[node].register_forward_hook(lambda module, inputs, output, node=node: self.outputs.update({node: output}))
        self.geometry = self._measure()

    def __call__(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        rows, columns = (side // self.patch for side in x.shape[-2:])
        top, left = (side % self.patch // 2 for side in x.shape[-2:])
        x = x[..., top : top + rows * self.patch, left : left + columns * self.patch]
        if isinstance(self.module, VisionTransformer):
            torchvision_forward(self.module, x)
        else:
            self.module(x)
        outputs, self.outputs = self.outputs, {}
        return {role: tokens_as_map(outputs[node], (rows, columns), is_global(role)) for role, node in self.layers.items()}

    @torch.inference_mode()
    def _measure(self) -> dict[str, Geometry]:
        side, parameter = self.input_size, next(self.module.parameters())
        geometry = {}
        for role, tap in self(torch.zeros(1, 3, side, side, dtype=parameter.dtype)).items():
            step = float(side if tap.shape[-1] == 1 else self.patch)
            geometry[role] = Geometry(tap.shape[1], step, step, tap.shape[-1])
        return geometry


def tokens_as_map(x: torch.Tensor, grid: tuple[int, int], whole: bool) -> torch.Tensor:
    """Tokens (n, extra + rows * columns, c) as a map (n, c, rows, columns); if `whole`, the class token as (n, c, 1, 1).

    An output (n, c) becomes (n, c, 1, 1).
    """
    if x.ndim == 2:
        return as_map(x)
    extra = x.shape[1] - grid[0] * grid[1]
    if whole:
        return as_map(x[:, 0] if extra else x.mean(1))
    return x[:, extra:].transpose(1, 2).unflatten(2, grid)


def torchvision_forward(model: VisionTransformer, x: torch.Tensor) -> torch.Tensor:
    """The forward pass of torchvision's transformer for inputs of any size; torchvision's own takes one size only."""
    patches = model.conv_proj(x)
    tokens = torch.cat([model.class_token.expand(len(x), -1, -1), patches.flatten(2).transpose(1, 2)], 1)
    tokens = model.encoder.layers(tokens + interpolated(model.encoder.pos_embedding, patches.shape[-2:]))
    return model.heads(model.encoder.ln(tokens)[:, 0])


def interpolated(embeddings: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """Position embeddings (1, 1 + side^2, c), the class token's first, resized to a grid (rows, columns): bicubic, antialiased."""
    side = math.isqrt(embeddings.shape[1] - 1)
    if tuple(grid) == (side, side):
        return embeddings
    square = embeddings[:, 1:].transpose(1, 2).unflatten(2, (side, side))
    resized = nn.functional.interpolate(square, tuple(grid), mode="bicubic", antialias=True)
    return torch.cat([embeddings[:, :1], resized.flatten(2).transpose(1, 2)], 1)
