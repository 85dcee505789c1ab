"""Identical images: found by content hash, at the size they are used in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from wattnas.data.types import ImageSet

LISTED = 20


@dataclass(frozen=True)
class Twins:
    """Two images with the same pixels.

    Attributes:
        first, second: (part, index): an index into `Dataset.train` ("train") or `Dataset.test` ("test").
    """

    first: tuple[str, int]
    second: tuple[str, int]


@dataclass(frozen=True)
class Duplicates:
    """How many there are, and the first of them.

    Attributes:
        total: images that repeat an earlier one, each counted once.
        pairs: up to 20 of them, each with the first image that it repeats.
    """

    total: int
    pairs: tuple[Twins, ...]

    @classmethod
    def listing(cls, pairs: list[Twins]) -> Duplicates:
        """All of `pairs` counted, the first of them kept."""
        return cls(len(pairs), tuple(pairs[:LISTED]))


@dataclass(frozen=True)
class Fingerprint:
    """The content hash of an image, and its label."""

    digest: bytes
    label: int


def fingerprints(part: ImageSet | None) -> list[Fingerprint]:
    """One per image; of a part that is not there, none.

    The 16 bytes are enough that two different images never share them by chance.
    """
    if part is None:
        return []
    digests = (
        hashlib.blake2b(image.data, digest_size=16).digest() for image in part.images.contiguous().numpy()
    )
    return [Fingerprint(*pair) for pair in zip(digests, part.labels.tolist(), strict=True)]


def group_twins(prints: Sequence[Fingerprint]) -> list[int]:
    """For each image the index of the first one with its pixels: its own where it is the first."""
    first: dict[bytes, int] = {}
    return [first.setdefault(known.digest, index) for index, known in enumerate(prints)]


def twins_across(train: Sequence[Fingerprint], test: Sequence[Fingerprint]) -> list[Twins]:
    """Every test image that is also a training image, with the first such."""
    first: dict[bytes, int] = {}
    for index, known in enumerate(train):
        first.setdefault(known.digest, index)
    hits = ((first.get(known.digest), index) for index, known in enumerate(test))
    return [Twins(("train", hit), ("test", index)) for hit, index in hits if hit is not None]


def count_in(images: ImageSet, known: ImageSet) -> int:
    """How many of `images` have the pixels of one in `known`."""
    digests = {entry.digest for entry in fingerprints(known)}
    return sum(entry.digest in digests for entry in fingerprints(images))


def contradictions(train: Sequence[Fingerprint], test: Sequence[Fingerprint]) -> list[Twins]:
    """Every image whose label is not that of the first image with its pixels; training images come first."""
    first: dict[bytes, tuple[str, int, int]] = {}
    found = []
    for part, prints in (("train", train), ("test", test)):
        for index, known in enumerate(prints):
            name, earlier, label = first.setdefault(known.digest, (part, index, known.label))
            if label != known.label:
                found.append(Twins((name, earlier), (part, index)))
    return found
