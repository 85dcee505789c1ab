"""From the labels a source states to class names and indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wattnas.data.sources import Label, Source
from wattnas.data.wording import shown
from wattnas.errors import DataError

UNKNOWN = -1


@dataclass(frozen=True)
class Classes:
    """Class names, and the label that stands for each in the source.

    Attributes:
        names: distinct.
        index: label of the source -> index into `names`.
        fixed: whether the source declares the names; else they are the labels of its training part.
    """

    names: tuple[str, ...]
    index: dict[Label, int]
    fixed: bool


def find_classes(source: Source) -> Classes:
    """The classes of a source; DataError where two have the same name."""
    labels: Sequence[Label]
    if source.classes is not None:
        labels, names = source.classes, source.classes
    else:
        labels = _distinct(source.train.labels)
        names = tuple(shown(str(label)) for label in labels)
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise DataError(f"Two classes are called {twice[0]!r}.", "Give each class a name of its own.")
    index: dict[Label, int] = {label: i for i, label in enumerate(labels)}
    if source.classes is not None:
        index.update((i, i) for i in range(len(names)))
    return Classes(tuple(names), index, source.classes is not None)


def encode(labels: Iterable[Label], classes: Classes) -> tuple[list[int], dict[int, str]]:
    """(index of each label's class, or UNKNOWN; why, for each unknown one)."""
    found: list[int] = []
    reasons: dict[int, str] = {}
    for position, label in enumerate(labels):
        known = classes.index.get(label, UNKNOWN)
        found.append(known)
        if known == UNKNOWN:
            reasons[position] = _reason(label, classes)
    return found, reasons


def foreign_classes(labels: Iterable[Label], classes: Classes) -> list[str]:
    """Names of the classes that these labels speak of and that `classes` lacks."""
    strange = [label for label in _distinct(labels) if label not in classes.index]
    if classes.fixed:
        strange = [label for label in strange if isinstance(label, str)]
    return [shown(str(label)) for label in strange]


def _reason(label: Label, classes: Classes) -> str:
    if label is None or label == "":
        return "has no label"
    if isinstance(label, int) and classes.fixed:
        return f"has label {label}, outside 0 to {len(classes.names) - 1}"
    return f"has label {shown(str(label))}, which names no class"


def _distinct(labels: Iterable[Label]) -> list[Label]:
    """Every label that can name a class, sorted; numbers before texts."""
    usable = {label for label in labels if label is not None and label != ""}
    return sorted((label for label in usable if isinstance(label, str) or label >= 0), key=_rank)


def _rank(label: Label) -> tuple[int, int, str]:
    return (0, label, "") if isinstance(label, int) else (1, 0, str(label))
