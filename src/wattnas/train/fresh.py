"""A network as training begins with it."""

from __future__ import annotations

from torch import Tensor

from wattnas.blocks import Network, build
from wattnas.seeding import own_random_state, seed_step
from wattnas.space import Architecture, Layout


def fresh_network(
    architecture: Architecture, layout: Layout, mean: Tensor, std: Tensor, seed: int
) -> Network:
    """The derived network with weights drawn by `seed`, and statistics (C,) of the training images."""
    with own_random_state():
        seed_step(seed, "train", "init")
        network = build(architecture, layout)
    network.normalise_with(mean, std)
    return network
