"""The parts that networks of a space are made of: what is timed on its own, and what a network runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wattnas.blocks import make_candidate, make_head, make_stem
from wattnas.space import Architecture, Layout


class Stem(nn.Module):
    """The stem with the normalisation before it, as in a network: (N, C, H, W) to (N, stem, H', W')."""

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((1, layout.channels, 1, 1), 0.5))
        self.register_buffer("std", torch.full((1, layout.channels, 1, 1), 0.25))
        self.stem = make_stem(layout)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, then the stem."""
        out: Tensor = self.stem((x - self.mean) / self.std)
        return out


@dataclass(frozen=True)
class Part:
    """Something to time: its key, how to make it, and the channels and side of its input."""

    key: str
    make: Callable[[], nn.Module]
    channels: int
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of its input, batch 1."""
        return 1, self.channels, self.size, self.size


def parts(layout: Layout) -> list[Part]:
    """All that runs in some network of the layout, each key once; identities are left out."""
    return list({part.key: part for part in _every_part(layout)}.values())


def _every_part(layout: Layout) -> Iterator[Part]:
    yield Part(layout.stem_key, partial(Stem, layout), layout.channels, layout.size)
    for layer in layout.layers:
        for candidate in layout.candidates:
            if not (candidate.is_skip and layer.is_residual):
                make = partial(make_candidate, layer, candidate)
                yield Part(layer.key(candidate), make, layer.in_channels, layer.in_size)
    last = layout.layers[-1]
    yield Part(layout.head_key, partial(make_head, layout), last.out_channels, last.out_size)


def identities(layout: Layout) -> list[str]:
    """The keys of `skip` where it is the identity, each once."""
    keys = (
        layer.key(c) for layer in layout.layers for c in layout.candidates if c.is_skip and layer.is_residual
    )
    return list(dict.fromkeys(keys))


def part_keys(layout: Layout, architecture: Architecture) -> list[str]:
    """The keys of the parts that a network runs, in order; identities are left out."""
    gone = set(identities(layout))
    keys = [layer.key(c) for layer, c in zip(layout.layers, architecture.candidates, strict=True)]
    return [layout.stem_key, *(key for key in keys if key not in gone), layout.head_key]


def image_of(part: Part) -> NDArray[np.float32]:
    """A random input of the part's shape, the same at each call."""
    return np.random.default_rng(0).random(part.shape, dtype=np.float32)
