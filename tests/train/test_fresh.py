"""A network as training begins with it."""

from __future__ import annotations

import torch

from tests.train.problems import layout
from wattnas.blocks import build
from wattnas.seeding import seed_step
from wattnas.space import Architecture
from wattnas.train import fresh_network

MEAN, STD = torch.tensor([0.3]), torch.tensor([0.2])


def fresh(seed: int) -> dict[str, torch.Tensor]:
    shapes = layout()
    architecture = Architecture.of(["k3_e3", "skip"], shapes.space)
    return dict(fresh_network(architecture, shapes, MEAN, STD, seed).state_dict())


def test_the_seed_decides_and_the_callers_random_state_comes_back() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = fresh(3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = fresh(3), fresh(4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_weights_are_those_of_the_seeded_step() -> None:
    shapes = layout()
    with torch.random.fork_rng():
        seed_step(3, "train", "init")
        plain = build(Architecture.of(["k3_e3", "skip"], shapes.space), shapes).state_dict()
    found = fresh(3)
    assert all(torch.equal(found[name], plain[name]) for name in plain if name not in {"mean", "std"})


def test_statistics_are_those_of_the_images() -> None:
    found = fresh(0)
    assert found["mean"].flatten().tolist() == MEAN.tolist()
    assert found["std"].flatten().tolist() == STD.tolist()
