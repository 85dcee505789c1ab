"""Disjoint, stratified, seeded splits, and a report of what was found on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from wattnas.data.divide import divide
from wattnas.data.twins import Duplicates, contradictions, fingerprints, group_twins, twins_across
from wattnas.data.types import Dataset, ImageSet
from wattnas.errors import ConfigError, DataError

SIDES = ("weights", "theta", "validation", "test")
_CHUNK = 4096


@dataclass(frozen=True)
class SplitReport:
    """How the images were split.

    Attributes:
        seed: of the splits.
        shares: split -> the share asked for; without `test` where the source has a test part.
        own_test: whether the test split is the source's own part, untouched.
        images: split -> class -> number of images.
        repeated: training images that repeat an earlier one; such images were kept in one split.
        test_in_train: images of the source's own test part that are also training images.
        contradictions: images that repeat one of another class.
    """

    seed: int
    shares: dict[str, float]
    own_test: bool
    images: dict[str, dict[str, int]]
    repeated: int
    test_in_train: Duplicates
    contradictions: Duplicates

    def to_json(self) -> dict[str, Any]:
        """The report as plain lists, dicts, numbers and texts."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set split for a run.

    Attributes:
        weights: what the weights of a supernet learn from.
        theta: what the architecture parameters learn from.
        validation: held out from all learning.
        test: for the final verdict alone.
        mean, std: float32 (C,), of pixel values 0 to 1, from `weights` and `theta` alone; std at least 1/255.
        report: how it came about.
    """

    weights: ImageSet
    theta: ImageSet
    validation: ImageSet
    test: ImageSet
    mean: Tensor
    std: Tensor
    report: SplitReport

    @property
    def train(self) -> ImageSet:
        """`weights`, then `theta`: what a derived network learns from. A copy."""
        images = torch.cat([self.weights.images, self.theta.images])
        return ImageSet(images, torch.cat([self.weights.labels, self.theta.labels]))


def make_splits(
    dataset: Dataset,
    *,
    seed: int,
    theta_share: float = 0.2,
    validation_share: float = 0.1,
    test_share: float = 0.2,
) -> Splits:
    """Split a data set; the same arguments give the same splits on every machine.

    A class needs as many different training images as there are splits to take from them: four, or three
    where the source has a test part, which then needs an image of every class. Images with the same pixels
    stay together.

    Args:
        dataset: its own test part, if it has one, is the test split as it is.
        seed: of a generator of its own; torch's global one is left alone.
        theta_share: of the images that test and validation leave.
        validation_share: of the images that test leaves.
        test_share: of all images; ignored where the source has a test part.

    Raises:
        ConfigError: a share that is not between 0 and 1.
        DataError: a class with too few different images; a class without a test image.
    """
    shares = {"test": test_share, "validation": validation_share, "theta": theta_share}
    _check_shares(shares)
    if dataset.test is not None:
        del shares["test"]
        _check_every_class(dataset.test, dataset.classes)
    prints, test_prints = fingerprints(dataset.train), fingerprints(dataset.test)
    twins = group_twins(prints)
    generator = Generator().manual_seed(seed)
    indices = divide(dataset.train.labels.tolist(), twins, shares, generator, dataset.classes)
    splits = {side: dataset.train.subset(torch.tensor(chosen)) for side, chosen in indices.items()}
    if dataset.test is not None:
        splits["test"] = dataset.test
    mean, std = channel_statistics(splits["weights"].images, splits["theta"].images)
    report = SplitReport(
        seed=seed,
        shares=shares,
        own_test=dataset.test is not None,
        images={side: _per_class(splits[side], dataset.classes) for side in SIDES},
        repeated=sum(first != index for index, first in enumerate(twins)),
        test_in_train=Duplicates.listing(twins_across(prints, test_prints)),
        contradictions=Duplicates.listing(contradictions(prints, test_prints)),
    )
    return Splits(**splits, mean=mean, std=std, report=report)


def channel_statistics(*images: Tensor) -> tuple[Tensor, Tensor]:
    """(mean, population standard deviation) per channel of pixel values 0 to 1, float32 (C,).

    Counted in whole numbers, so that neither the order of the images nor the number of threads moves a digit.
    The deviation is at least one step of 255, as networks divide by it.

    Args:
        images: uint8 (N, C, H, W) each.
    """
    channels = images[0].shape[1]
    counts = torch.zeros(channels, 256, dtype=torch.int64)
    for part in images:
        for start in range(0, part.shape[0], _CHUNK):
            for channel, pixels in enumerate(part[start : start + _CHUNK].transpose(0, 1)):
                counts[channel] += torch.bincount(pixels.flatten(), minlength=256)
    moments = [_moments(row) for row in counts.tolist()]
    return torch.tensor([mean for mean, _ in moments]), torch.tensor(
        [max(std, 1 / 255) for _, std in moments]
    )


def _moments(counts: list[int]) -> tuple[float, float]:
    """(mean, standard deviation), on the scale 0 to 1, of values 0 to 255 that occur `counts` times."""
    n = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    return total / (255 * n), math.sqrt((squares * n - total * total) / (255 * n) ** 2)


def _check_shares(shares: Mapping[str, float]) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ConfigError(
                f"A {name} share of {share} is not between 0 and 1.", "Give a share such as 0.2."
            )


def _check_every_class(test: ImageSet, classes: tuple[str, ...]) -> None:
    counts = torch.bincount(test.labels, minlength=len(classes)).tolist()
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    if missing:
        more = f" (nor have {len(missing) - 1} other classes)" if len(missing) > 1 else ""
        raise DataError(
            f"Class {missing[0]!r} has no image in the source's test part{more}: it could not be verified.",
            "Add test images of it, or remove the test part, and one is taken from the training images.",
        )


def _per_class(part: ImageSet, classes: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(classes, torch.bincount(part.labels, minlength=len(classes)).tolist(), strict=True))
