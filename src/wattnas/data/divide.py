"""Dividing labelled images among sides: stratified, identical images kept together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator

from wattnas.errors import DataError

REST = "weights"


@dataclass(frozen=True)
class _Bundle:
    """Identical images, which go to one side.

    Attributes:
        members: indices of the images.
        counts: images per class; several classes where the labels contradict one another.
        rank: its place in the seeded order.
    """

    members: list[int]
    counts: Counter[int]
    rank: int


def divide(
    labels: Sequence[int],
    twins: Sequence[int],
    shares: Mapping[str, float],
    generator: Generator,
    names: Sequence[str],
) -> dict[str, list[int]]:
    """The images of each side, as sorted indices; "weights" takes what the shares leave.

    Of each class a side gets its share of the images that the sides before it leave, rounded, but at least
    one image, as "weights" does. Only images that have twins can move a count further, as they stay together.

    Args:
        labels: class of each image.
        twins: for each image the first one with its pixels.
        shares: side -> share, in the order in which they are taken.
        generator: decides which images go where.
        names: of the classes, for messages.

    Raises:
        DataError: a class has fewer different images than there are sides.
    """
    bundles = _bundles(labels, twins, generator)
    table = _Table(bundles, shares)
    table.give_each_side_one(names)
    table.fill()
    return {side: sorted(indices) for side, indices in table.members.items()}


def quotas(n: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many of a class's n images each side is to have; at least one each, if n allows."""
    wanted, left = {}, n
    for later, (side, share) in zip(range(len(shares), 0, -1), shares.items(), strict=True):
        wanted[side] = max(1, min(int(share * left + 0.5), left - later))
        left -= wanted[side]
    return {**wanted, REST: left}


def _bundles(labels: Sequence[int], twins: Sequence[int], generator: Generator) -> list[_Bundle]:
    """The bundles in the order that the generator draws."""
    members: dict[int, list[int]] = {}
    for index, first in enumerate(twins):
        members.setdefault(first, []).append(index)
    found = list(members.values())
    order = torch.randperm(len(found), generator=generator).tolist()
    return [_Bundle(found[i], Counter(labels[m] for m in found[i]), rank) for rank, i in enumerate(order)]


class _Table:
    """Who sits where, and which seats are free."""

    def __init__(self, bundles: list[_Bundle], shares: Mapping[str, float]) -> None:
        self.bundles = bundles
        self.members: dict[str, list[int]] = {side: [] for side in (*shares, REST)}
        self.placed: set[int] = set()
        self.images: Counter[int] = Counter()
        for bundle in bundles:
            self.images.update(bundle.counts)
        self.free: dict[str, Counter[int]] = {side: Counter() for side in self.members}
        self.has: dict[str, set[int]] = {side: set() for side in self.members}
        for label, n in self.images.items():
            for side, wanted in quotas(n, shares).items():
                self.free[side][label] = wanted

    def place(self, bundle: _Bundle, side: str) -> None:
        self.placed.add(bundle.rank)
        self.members[side].extend(bundle.members)
        self.free[side].subtract(bundle.counts)
        self.has[side].update(bundle.counts)

    def give_each_side_one(self, names: Sequence[str]) -> None:
        """A bundle of every class to every side; rare classes first, small and unmixed bundles first."""
        of: dict[int, list[_Bundle]] = {label: [] for label in self.images}
        for bundle in self.bundles:
            for label in bundle.counts:
                of[label].append(bundle)
        _check_different(of, len(self.members), names)
        for label in sorted(of, key=lambda label: (len(of[label]), label)):
            for side in self.members:
                if label not in self.has[side]:
                    self.place(self._smallest(of[label], names[label]), side)

    def _smallest(self, bundles: list[_Bundle], name: str) -> _Bundle:
        left = [bundle for bundle in bundles if bundle.rank not in self.placed]
        if not left:
            raise DataError(
                f"Class {name!r} cannot be split: too many of its images are also in other classes.",
                "Remove the images that stand in several classes.",
            )
        return min(left, key=lambda bundle: (len(bundle.counts), len(bundle.members), bundle.rank))

    def fill(self) -> None:
        """Every other bundle to the first side that has room for it."""
        sides = [side for side in self.members if side != REST]
        for bundle in self.bundles:
            if bundle.rank not in self.placed:
                self.place(bundle, next((side for side in sides if self._has_room(side, bundle)), REST))

    def _has_room(self, side: str, bundle: _Bundle) -> bool:
        return all(self.free[side][label] >= count for label, count in bundle.counts.items())


def _check_different(of: Mapping[int, list[_Bundle]], sides: int, names: Sequence[str]) -> None:
    few = sorted((len(bundles), label) for label, bundles in of.items() if len(bundles) < sides)
    if few:
        count, label = few[0]
        more = f" ({len(few) - 1} more classes have too few)" if len(few) > 1 else ""
        raise DataError(
            f"Class {names[label]!r} has {count} different training images, but needs {sides}, one for each "
            f"split{more}.",
            "Add images of it, or leave the class out.",
        )
