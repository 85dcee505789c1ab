"""Architectures as index tensors, and which of them a supernet trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Generator, Tensor

from wattnas.seeding import derive_seed
from wattnas.space import Architecture, Layout

Sampling = Literal["fair", "uniform"]


def path_of(operations: Sequence[str], layout: Layout) -> Tensor:
    """(layers,) int64: the column of each layer's candidate."""
    columns = {name: column for column, name in enumerate(layout.space.candidates)}
    return torch.tensor([columns[name] for name in operations])


def architecture_of(path: Tensor, layout: Layout) -> Architecture:
    """The architecture of a path (layers,)."""
    names = [layout.space.candidates[column] for column in path.tolist()]
    return Architecture.of(names, layout.space)


def draw_paths(layout: Layout, count: int, seed: int, first: int = 0, sampling: Sampling = "fair") -> Tensor:
    """Paths number `first` to `first + count - 1` of the sequence of `seed`, (count, layers) int64.

    "uniform": every layer draws among all candidates alike (Guo et al., Single Path One-Shot). Nearly all
    such networks are deep, as depth is a sum of many draws; the shallow ones, which tight goals need, are
    hardly trained.

    "fair": in each block of as many paths as there are candidates besides `skip`, every layer takes each of
    them once, in random order (strict fairness; Chu et al., FairNAS, section 3.1), and the shares of layers
    that do not skip are spread evenly over 0 to 1, one path from each equal part. Each layer skips on its own
    with that path's probability, so that every depth is trained alike. A path is a function of its number.
    """
    if sampling == "uniform":
        width = len(layout.candidates)
        return torch.stack(
            [
                torch.randint(width, (len(layout.layers),), generator=_generator(seed, "uniform", number))
                for number in range(first, first + count)
            ]
        )
    blocks = len([c for c in layout.candidates if not c.is_skip])
    if not blocks:
        return torch.zeros(count, len(layout.layers), dtype=torch.int64)
    wanted = range(first // blocks, (first + count - 1) // blocks + 1)
    found = [_fair_block(layout, _generator(seed, "fair", block)) for block in wanted]
    start = first - first // blocks * blocks
    return torch.cat(found)[start : start + count]


def _fair_block(layout: Layout, generator: Generator) -> Tensor:
    """(candidates besides skip, layers): each of them once per layer, before some layers skip."""
    working = torch.tensor([i for i, c in enumerate(layout.candidates) if not c.is_skip])
    count, depth = len(working), len(layout.layers)
    orders = torch.stack([torch.randperm(count, generator=generator) for _ in range(depth)], dim=1)
    paths = working[orders]
    skips = [i for i, c in enumerate(layout.candidates) if c.is_skip]
    if skips:
        parts = torch.randperm(count, generator=generator)
        share = (parts + torch.rand(count, generator=generator)) / count
        is_skipped = torch.rand(count, depth, generator=generator) >= share[:, None]
        paths = torch.where(is_skipped, skips[0], paths)
    return paths


def _generator(seed: int, *where: str | int) -> Generator:
    return Generator().manual_seed(derive_seed(seed, "paths", *where))
