"""From the name of a source to its images in memory."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from wattnas.data.checks import check_classes, empty_classes, refuse_bad, refuse_foreign
from wattnas.data.labels import find_classes, foreign_classes
from wattnas.data.pixels import Header
from wattnas.data.reading import Reading
from wattnas.data.sources import open_source
from wattnas.data.types import Dataset, ImageSet, hash_sets


def load_data(
    source: str, choose: Callable[[int, int], tuple[int, int]], *, skip_bad: bool = False
) -> Dataset:
    """Read a source into memory, every image brought to one shape.

    Args:
        source: `digits`, a folder of class sub-folders (with or without train/ and test/), a Parquet file or
            a folder of them in the Hugging Face image schema, or a hub name such as `uoft-cs/cifar10`.
        choose: given the channels of the training images (1 where all are stored grey, else 3) and their side
            (the median of the shorter sides, in pixels), the (channels, side) that every image is brought to.
        skip_bad: leave bad images, and classes without a usable one, out and list them in `Dataset.skipped`.

    Raises:
        DataError: the source is none, an image or label is bad (without `skip_bad`; the first is named, the
            others counted), no images, fewer than two classes, or a test class that training lacks.
        MissingExtraError: a hub name without the package `datasets`.
    """
    opened = open_source(source)
    classes = find_classes(opened)
    if opened.test is not None:
        refuse_foreign(source, foreign_classes(opened.test.labels, classes))
    train = Reading(opened.train, classes)
    test = None if opened.test is None else Reading(opened.test, classes)
    readings = [train] if test is None else [train, test]

    def check(complaints: Sequence[str]) -> None:
        check_classes(source, classes.names, train.usable, None if test is None else test.usable, complaints)

    if not any(reading.complaints for reading in readings):
        check([])  # what the labels alone tell need not wait for the images
    with _quiet_pillow():
        native = _native(train.survey())
        sets = [reading.decode(*choose(*native)) for reading in readings]
    skipped = [line for reading in readings for line in reading.complaints]
    skipped += empty_classes(classes, train.usable)
    if not skip_bad:
        refuse_bad(skipped)
    check(skipped)
    present = torch.unique(sets[0].labels)
    parts = [_renumbered(part, present) for part in sets]
    own_test = parts[1] if len(parts) > 1 else None
    names = tuple(classes.names[index] for index in present.tolist())
    digest = hash_sets(names, parts[0], own_test)
    return Dataset(source, names, parts[0], own_test, digest, opened.flip, (*skipped, *opened.beside), native)


def _native(headers: Sequence[Header]) -> tuple[int, int]:
    """(channels, lower median of the shorter sides) of the training images; (1, 1) where there are none."""
    if not headers:
        return 1, 1
    sides = sorted(header.side for header in headers)
    return 1 if all(header.grey for header in headers) else 3, sides[(len(sides) - 1) // 2]


def _renumbered(part: ImageSet, present: Tensor) -> ImageSet:
    """Labels as positions in `present` (sorted), so that classes left out leave no gap."""
    return ImageSet(part.images, torch.searchsorted(present, part.labels))


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow warns and logs of what it mends or of what we refuse ourselves; neither needs a word."""
    log = logging.getLogger("PIL")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    finally:
        log.setLevel(level)
