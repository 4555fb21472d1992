"""TinyAlex: a small AlexNet for 32 x 32 images, the network of the embedded default.

AlexNet was trained on ImageNet's single objects and is then applied to scenes. In the same way TinyAlex is trained on single digits
and applied to scenes of many digits. Its modules have the papers' layer names.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn

from orderless.datasets.digits import background, deform, enlarge, finish, load_block, paste
from orderless.files.seeds import generator, seed

INPUT = 32


def tinyalex() -> nn.Sequential:
    """Five convolutions and three fully connected layers, like AlexNet. Input (n, 3, 32, 32), output (n, 10) logits.

    Maps of a 32 x 32 input: conv1 32, pool1 15, conv2 15, pool2 7, conv3 to conv5 7, pool5 3, fc6 1; stride of fc7: 8 px.
    """

    def conv(inputs, outputs, size):
        return nn.Conv2d(inputs, outputs, size, padding=size // 2)

    layers = [
        ("conv1", conv(3, 16, 5)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(3, 2)),
        ("conv2", conv(16, 32, 3)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(3, 2)),
        ("conv3", conv(32, 64, 3)), ("relu3", nn.ReLU()),
        ("conv4", conv(64, 64, 3)), ("relu4", nn.ReLU()),
        ("conv5", conv(64, 48, 3)), ("relu5", nn.ReLU()), ("pool5", nn.MaxPool2d(3, 2)),
        ("flatten", nn.Flatten()), ("drop6", nn.Dropout(0.3)),
        ("fc6", nn.Linear(48 * 9, 128)), ("relu6", nn.ReLU()), ("drop7", nn.Dropout(0.3)),
        ("fc7", nn.Linear(128, 128)), ("relu7", nn.ReLU()),
        ("fc8", nn.Linear(128, 10)),
    ]  # fmt: skip
    return nn.Sequential(OrderedDict(layers))


def single_digits(digits: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A (32, 32) uint8 picture for each index in `chosen`: the digit near the middle, slightly rotated, on clutter, with noise."""
    pictures = np.empty((len(chosen), INPUT, INPUT), np.uint8)
    for picture, digit in zip(pictures, chosen, strict=True):
        canvas = background(rng, INPUT, int(rng.integers(0, 5)), digits)
        size = int(rng.integers(20, 33))
        x, y = (int(v) for v in np.clip(rng.normal((INPUT - size) / 2, 1.5, 2).round(), -3, INPUT - size + 3))
        paste(canvas, enlarge(deform(digits[digit], rng), size) * rng.uniform(0.7, 1.0), x, y)
        picture[...] = finish(rng, canvas, 10.0)
    return pictures


def to_input(pictures: np.ndarray) -> torch.Tensor:
    """(n, 32, 32) uint8 -> (n, 3, 32, 32) float32, normalised by the backbone's `mean` and `std` of 0.5.

    The memory format is channels last, with which training on a CPU takes a third less time.
    """
    x = torch.from_numpy(pictures).float().div_(255).sub_(0.5).div_(0.5)
    return x[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def epoch_of_pictures(digits: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, torch.Tensor]:
    """All digits in a random order: their indices, and their pictures as network inputs."""
    order = rng.permutation(len(digits))
    return order, to_input(single_digits(digits, order, rng))


def prefetch(make: Callable[[], Any], count: int) -> Iterator[Any]:
    """The results of `count` calls of `make`, in order. The next call runs while the last result is used."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(make)
        for _ in range(count - 1):
            ready, following = following.result(), pool.submit(make)
            yield ready
        yield following.result()


def train(root_seed: int, epochs: int, log=print) -> tuple[nn.Sequential, dict[str, float]]:
    """Train TinyAlex on the source block. Returns it, and its accuracy on single digits of the validation and the test block."""
    torch.manual_seed(seed(root_seed, "tinyalex", "weights"))
    rng = generator(root_seed, "tinyalex", "pictures")
    digits, labels = load_block("source")
    model = tinyalex()
    batch, steps = 64, len(digits) // 64
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=epochs * steps)
    target = torch.from_numpy(labels)
    for epoch, (order, pictures) in enumerate(prefetch(lambda: epoch_of_pictures(digits, rng), epochs)):
        total = 0.0
        for step in range(steps):
            part = slice(step * batch, (step + 1) * batch)
            loss = nn.functional.cross_entropy(model(pictures[part]), target[order[part]], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        log(f"epoch {epoch + 1}/{epochs}: loss {total / steps:.3f}")
    model.eval()
    return model, {block: accuracy(model, block, root_seed) for block in ("val", "test")}


@torch.inference_mode()
def accuracy(model: nn.Module, block: str, root_seed: int) -> float:
    """The share of single digits of a block that the network classifies correctly."""
    digits, labels = load_block(block)
    pictures = single_digits(digits, np.arange(len(digits)), generator(root_seed, "tinyalex", block))
    return float((model(to_input(pictures)).argmax(1).numpy() == labels).mean())
