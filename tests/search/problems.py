"""A search small enough to run in milliseconds."""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn, cast

import torch
from torch import Tensor

from wattnas.compute import CPU, Compute
from wattnas.data import Dataset, ImageSet, Splits, make_splits
from wattnas.objective import Objective, make_objective
from wattnas.search import Costs, SearchProblem
from wattnas.sections import AugmentSettings, SearchSettings
from wattnas.space import Head, Input, Layout, Space, Stage, Stem

CANDIDATES = ("k3_e1", "k5_e1_g2", "skip")
SIDE = 6
N = 96

SPACE = Space(
    name="toy",
    input=Input(channels=(1,), min_size=SIDE, max_size=SIDE),
    stem=Stem(channels=4),
    stages=(Stage(channels=4, layers=1), Stage(channels=6, layers=2, stride=2)),
    candidates=CANDIDATES,
    head=Head(channels=6, dropout=0.0),
)
LAYOUT = Layout.resolve(SPACE, classes=2)
DROPOUT_LAYOUT = Layout.resolve(
    SPACE.model_copy(update={"head": Head(channels=6, dropout=0.3)}), classes=2, channels=1, size=SIDE
)

# Seconds and joules; the cheapest candidate is another one at every layer.
LATENCY_S = torch.tensor([[0.004, 0.001, 0.002], [0.003, 0.005, 0.001], [0.001, 0.007, 0.002]])
ENERGY_J = 10 * LATENCY_S
CHEAPEST = ("k5_e1_g2", "skip", "k3_e1")
COSTS = Costs(LATENCY_S.double(), ENERGY_J.double(), fixed_latency_s=0.5, fixed_energy_j=3.0)

PLAIN = AugmentSettings(padding=0, flip="off")


class Untouchable:
    """Stands for images that must not be looked at."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise AssertionError(f"someone asked the held-out images for {name}")

    def __len__(self) -> NoReturn:
        raise AssertionError("someone counted the held-out images")


def dataset() -> Dataset:
    """Random grey images of two classes, the second one brighter; the first pixel numbers the image."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(N) % 2
    images = torch.randint(0, 128, (N, 1, SIDE, SIDE), generator=generator) + 100 * labels.view(-1, 1, 1, 1)
    images[:, 0, 0, 0] = torch.arange(N)
    part = ImageSet(images.to(torch.uint8), labels)
    return Dataset("made", ("dark", "bright"), part, None, "0" * 16, True, (), (1, SIDE))


def splits() -> Splits:
    """Weights and theta as a run has them; validation and test cannot be looked at."""
    held_out = cast(Any, Untouchable())
    return dataclasses.replace(make_splits(dataset(), seed=0), validation=held_out, test=held_out)


def numbers(pixels: Tensor) -> list[int]:
    """Which images of `dataset` these are (floats 0 to 1, not augmented)."""
    return [round(value * 255) for value in pixels[:, 0, 0, 0].tolist()]


def problem(
    objective: Objective | None = None,
    layout: Layout = LAYOUT,
    augment: AugmentSettings = PLAIN,
    seed: int = 3,
    compute: Compute = CPU,
    **settings: Any,
) -> SearchProblem:
    """A search of two epochs over some 55 images of weights and 14 of theta."""
    chosen = {"epochs": 2, "theta_from_epoch": 1, "batch": 8} | settings
    return SearchProblem(
        layout=layout,
        splits=splits(),
        costs=COSTS,
        objective=objective or make_objective("s2", 1.0),
        settings=SearchSettings.model_validate(chosen),
        augment=augment,
        flip=True,
        seed=seed,
        compute=compute,
    )
