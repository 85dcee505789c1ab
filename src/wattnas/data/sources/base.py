"""The contract of a source: parts made of labelled entries, each an image or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image


@dataclass(frozen=True)
class Bad:
    """Stands where an image cannot be used; `reason` goes on a sentence that begins with its name."""

    reason: str


# The bytes of an image file, or where it lies; an image in memory; or why there is none.
Content = bytes | Path | Image.Image | Bad
Label = int | str | None


class Part(Protocol):
    """The training or the test part of a source, bad entries included: they are to be named and counted."""

    @property
    def labels(self) -> Sequence[Label]:
        """One label per entry: an index or name of a class, None where the source states none."""

    def name(self, index: int) -> str:
        """How messages call the entry: its file, or file and row (from 0)."""

    def contents(self) -> Iterator[Content]:
        """One content per entry, in the order of the labels, the same each time; never raises."""


@dataclass(frozen=True)
class Entry:
    """One image of a `ListPart`."""

    name: str
    label: Label
    content: Content


@dataclass(frozen=True)
class ListPart:
    """A part whose entries are small enough to be listed."""

    entries: Sequence[Entry]

    @property
    def labels(self) -> Sequence[Label]:
        return [entry.label for entry in self.entries]

    def name(self, index: int) -> str:
        return self.entries[index].name

    def contents(self) -> Iterator[Content]:
        return (entry.content for entry in self.entries)


@dataclass(frozen=True)
class Joined:
    """Several parts one after the other."""

    parts: Sequence[Part]

    @property
    def labels(self) -> Sequence[Label]:
        return [label for part in self.parts for label in part.labels]

    def name(self, index: int) -> str:
        for part in self.parts:
            if index < len(part.labels):
                return part.name(index)
            index -= len(part.labels)
        raise IndexError(index)

    def contents(self) -> Iterator[Content]:
        for part in self.parts:
            yield from part.contents()


@dataclass(frozen=True)
class Source:
    """A source that was found and listed, before any image is decoded.

    Attributes:
        train, test: its parts; test is None where it has none of its own.
        classes: the names it declares, an integer label being an index into them; None where its classes are
            the labels that its training part holds.
        flip: whether a mirrored image still shows its class.
        beside: "name: reason" of what lies there and belongs to no part.
    """

    train: Part
    test: Part | None
    classes: tuple[str, ...] | None
    flip: bool = True
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceKind:
    """One kind of source.

    Attributes:
        wanted: what to give, as a piece of a sentence.
        accepts: whether a name is of this kind; touches no more than the file system's names.
        open: the source of that name; DataError where it cannot be listed.
    """

    wanted: str
    accepts: Callable[[str], bool]
    open: Callable[[str], Source]
