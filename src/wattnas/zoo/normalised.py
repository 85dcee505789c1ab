"""A reference network that normalises its input itself, as the networks of wattnas do."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Normalised(nn.Module):
    """`network` on (x - mean) / std: (N, C, H, W) in [0, 1] to logits (N, classes)."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.as_tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.as_tensor(std).view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, then the network."""
        logits: Tensor = self.network((x - self.mean) / self.std)
        return logits
