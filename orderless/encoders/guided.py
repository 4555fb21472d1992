"""Cross-layer pooling with a guidance layer that is trained (the second scheme of Liu et al., arXiv 1510.00921).

We know the abstract alone: "applies the pretrained CNN on densely sampled image regions and treats the fully-connected activations
of each image region as convolutional feature activations. We then train another convolutional layer on top of that as the
pooling-guidance convolutional layer." Region size, channels, loss and training are our choice: a 1 x 1 convolution and a ReLU on
the projected activations, trained on the training images under global max pooling and a linear classifier, by cross-entropy.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """channels: of the guidance layer. epochs: of its training."""

    channels: int = 100
    epochs: int = 30

    mean_type = False
    learned = True
    supervised = True

    def fit_labelled(self, bags: list[np.ndarray], targets: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Train on labelled images.

        bags: the descriptors (n_i, d) of each image. targets: (images, classes) of 1 and -1, or 0 for an image to be left out.
        Returns weight (channels, d) and bias (channels,) of the guidance layer, for descriptors that are not scaled.
        """
        import torch

        torch.manual_seed(seed % 2**31)
        scale = float(np.sqrt(np.mean([np.mean(bag**2) for bag in bags]))) or 1.0
        data = [torch.from_numpy(np.asarray(bag / scale, np.float32)) for bag in bags]
        layer = torch.nn.Conv1d(data[0].shape[1], self.channels, 1)
        head = torch.nn.Linear(self.channels, targets.shape[1])
        truth = torch.from_numpy((targets > 0).astype(np.float32))
        known = torch.from_numpy((targets != 0).astype(np.float32))
        optimiser = torch.optim.AdamW([*layer.parameters(), *head.parameters()], lr=3e-3, weight_decay=1e-2)
        single = bool(((targets > 0).sum(1) == 1).all() and (targets != 0).all())
        for _ in range(self.epochs):
            for rows in torch.randperm(len(data)).split(32):
                maps = torch.stack([layer(data[i].T).relu().amax(1) for i in rows.tolist()])
                scores = head(maps)
                if single:
                    loss = torch.nn.functional.cross_entropy(scores, truth[rows].argmax(1))
                else:
                    losses = torch.nn.functional.binary_cross_entropy_with_logits(scores, truth[rows], reduction="none")
                    loss = (losses * known[rows]).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        weight, bias = layer.weight.detach()[:, :, 0].numpy() / scale, layer.state_dict()["bias"].numpy()
        return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (channels d,): paper D, Eq. 2, with the guide max(0, W x + b)."""
        maps = np.maximum(x @ codebook["weight"].T + codebook["bias"], 0)
        return (maps.T @ x).reshape(-1)
