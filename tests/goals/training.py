"""A shared supernet that learns in a second, in a space with every kind of layer."""

from __future__ import annotations

from typing import Any

from tests.train.problems import CLASSES, PLAIN, SIDE, quadrants
from wattnas.data import ImageSet
from wattnas.goals.shared import SharedProblem
from wattnas.sections import SupernetSettings
from wattnas.space import Head, Input, Layout, Space, Stage, Stem


def layout(dropout: float = 0.0, name: str = "small") -> Layout:
    """Three layers with an identity, a change of width and a stride, for grey images of 8 pixels."""
    space = Space(
        name=name,
        input=Input(channels=(1,), min_size=SIDE, max_size=SIDE),
        stem=Stem(channels=8),
        stages=(Stage(channels=8, layers=1), Stage(channels=12, layers=2, stride=2)),
        candidates=("k3_e1", "k5_e1_g2", "skip"),
        head=Head(channels=12, dropout=dropout, activation=True, pool="flatten"),
    )
    return Layout.resolve(space, classes=CLASSES)


def shared(images: ImageSet | None = None, *, dropout: float = 0.0, **settings: Any) -> SharedProblem:
    """The training of that space's supernet."""
    learned = images or quadrants(64)
    values = learned.images.double() / 255
    return SharedProblem(
        layout=layout(dropout),
        images=learned,
        mean=values.mean((0, 2, 3)).float(),
        std=values.std((0, 2, 3)).float(),
        settings=SupernetSettings.model_validate(
            {"epochs": 2, "batch": 16, "lr": 0.1, "survey": 16} | settings
        ),
        augment=PLAIN,
        flip=False,
        seed=3,
    )
