"""From an architecture to a network: the only way, for published, searched and reference ones alike."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wattnas.blocks.modules import make_candidate, make_head, make_stem
from wattnas.errors import SpaceError
from wattnas.space import Architecture, Layout


class Network(nn.Module):
    """Normalisation, stem, one block per layer, head.

    Input: (N, C, H, W) pixel values from 0 to 1; the network itself subtracts `mean` and divides by `std`, so
    that whoever deploys it cannot forget to. Output: logits (N, classes).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout, architecture: Architecture) -> None:
        super().__init__()
        self.layout = layout
        self.architecture = architecture
        self.register_buffer("mean", torch.zeros(1, layout.channels, 1, 1))
        self.register_buffer("std", torch.ones(1, layout.channels, 1, 1))
        self.stem = make_stem(layout)
        self.layers = nn.Sequential(
            *(
                make_candidate(layer, c)
                for layer, c in zip(layout.layers, architecture.candidates, strict=True)
            )
        )
        self.head = make_head(layout)

    def normalise_with(self, mean: Tensor, std: Tensor) -> None:
        """Set the per-channel statistics, each (C,), in units of pixel value 0 to 1."""
        self.mean.copy_(mean.view(1, -1, 1, 1))
        self.std.copy_(std.view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in [0, 1] to logits (N, classes)."""
        logits: Tensor = self.head(self.layers(self.stem((x - self.mean) / self.std)))
        return logits


def build(architecture: Architecture, layout: Layout) -> Network:
    """The network of `architecture` at the shapes of `layout`, freshly initialised (torch's defaults).

    Raises:
        SpaceError: the architecture belongs to another space than the layout.
    """
    if architecture.space_hash != layout.space.hash:
        raise SpaceError(
            f"The architecture belongs to space {architecture.space!r}, the layout to {layout.space.name!r}.",
            "Resolve the layout from the architecture's own space.",
        )
    return Network(layout, architecture)
