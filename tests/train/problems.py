"""A training small enough to run in milliseconds."""

from __future__ import annotations

from typing import Any

import torch

from wattnas.blocks import Network, build
from wattnas.data import ImageSet
from wattnas.sections import AugmentSettings, TrainSettings
from wattnas.space import Architecture, Head, Input, Layout, Space, Stage, Stem
from wattnas.train import TrainProblem

SIDE = 8
PLAIN = AugmentSettings(padding=0, flip="off")
CLASSES = 4


def layout(dropout: float = 0.0) -> Layout:
    """Two blocks and a classifier of four classes for grey images of 8 pixels."""
    space = Space(
        name="toy",
        input=Input(channels=(1,), min_size=SIDE, max_size=SIDE),
        stem=Stem(channels=8),
        stages=(Stage(channels=8, layers=1), Stage(channels=12, layers=1, stride=2)),
        candidates=("k3_e3", "k5_e1_g2", "skip"),
        head=Head(channels=12, dropout=dropout, activation=True),
    )
    return Layout.resolve(space, classes=CLASSES)


def network(dropout: float = 0.0, seed: int = 0) -> Network:
    """A fresh network of that layout."""
    torch.manual_seed(seed)
    shapes = layout(dropout)
    return build(Architecture.of(["k3_e3", "k5_e1_g2"], shapes.space), shapes)


def quadrants(n: int, seed: int = 0) -> ImageSet:
    """Noise in which one quadrant is bright: the class says which."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % CLASSES
    images = torch.randint(0, 90, (n, 1, SIDE, SIDE), generator=generator)
    for image, label in zip(images, labels.tolist(), strict=True):
        top, left = 4 * (label // 2), 4 * (label % 2)
        image[:, top : top + 4, left : left + 4] += 150
    return ImageSet(images.to(torch.uint8), labels)


def problem(
    trained: Network,
    images: ImageSet,
    *,
    validation: ImageSet | None = None,
    augment: AugmentSettings = PLAIN,
    flip: bool = False,
    **settings: Any,
) -> TrainProblem:
    """A training of `trained` on `images`."""
    return TrainProblem(
        network=trained,
        images=images,
        validation=validation or quadrants(20, seed=1),
        settings=TrainSettings.model_validate({"batch": 8, "epochs": 2, "lr": 0.05} | settings),
        augment=augment,
        flip=flip,
        seed=5,
    )
