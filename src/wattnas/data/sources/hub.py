"""Data sets on the Hugging Face hub, through the optional package `datasets`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wattnas.data.sources.base import Bad, Content, Joined, Label, Source, SourceKind
from wattnas.data.sources.columns import IMAGE_COLUMNS, LABEL_COLUMNS, common_names, content_of, pick
from wattnas.data.sources.roles import Role, role_of, train_and_test
from wattnas.data.wording import one_line, shown
from wattnas.errors import DataError, MissingExtraError

_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$", re.ASCII)
_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class HubPart:
    """One split of a `datasets.Dataset`: `rows[i:j]` gives a list per column.

    Attributes:
        title: how messages call it.
        rows: the split, its image column not decoded where `datasets` allows.
        image: name of the image column.
        labels: one per row.
        names: class names that the split declares.
    """

    title: str
    rows: Any
    image: str
    labels: Sequence[Label]
    names: tuple[str, ...] | None

    def name(self, index: int) -> str:
        return f"{self.title} row {index}"

    def contents(self) -> Iterator[Content]:
        for start in range(0, len(self.labels), _ROWS_AT_ONCE):
            cells: list[Content]
            stop = min(start + _ROWS_AT_ONCE, len(self.labels))
            try:
                # `datasets` names files of its own cache by path alone.
                cells = [content_of(cell, folder=Path()) for cell in self.rows[start:stop][self.image]]
            except Exception as error:  # whatever reading or decoding in `datasets` runs into
                cells = [Bad(f"cannot be read ({one_line(error)})")] * (stop - start)
            yield from cells


def from_splits(name: str, splits: Mapping[str, Any]) -> Source:
    """A source from the splits of a `datasets.DatasetDict`, or of anything that behaves like one.

    Raises:
        DataError: no split to train on, no image or label column, or class names that differ between splits.
    """
    found: dict[Role, list[HubPart]] = {}
    sole = len(splits) == 1
    beside = []
    for split, rows in splits.items():
        role = "train" if sole else role_of(split)
        if role is None:
            beside.append(f"{name} split {split!r}: is for neither training nor test")
        else:
            found.setdefault(role, []).append(_part(f"{name} {split}", rows))
    train, test = train_and_test(found)
    if "train" not in found:
        raise DataError(
            f"{name} has no split to train on among {', '.join(splits) or 'none'}.", "Name another data set."
        )
    names = common_names(part.names for part in (*train, *test))
    if isinstance(names, Bad):
        raise DataError(f"{name} {names.reason}.", "Name another data set.")
    return Source(Joined(train), Joined(test) if test else None, names, beside=tuple(beside))


def _part(title: str, rows: Any) -> HubPart:
    image = pick(rows.column_names, IMAGE_COLUMNS, "image")
    label = pick(rows.column_names, LABEL_COLUMNS, "label")
    for column in (image, label):
        if isinstance(column, Bad):
            raise DataError(f"{title} {column.reason}.", "Name a data set of labelled images.")
    names = getattr(rows.features[label], "names", None)
    return HubPart(title, rows, str(image), list(rows[label]), tuple(map(shown, names)) if names else None)


def _open(name: str) -> Source:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError(
            f"{name!r} is no file or folder here, and reading it from the hub needs the package `datasets`.",
            "Check the path, or run: pip install 'wattnas[hub]'",
        ) from error
    try:
        splits = {split: _undecoded(rows, datasets) for split, rows in datasets.load_dataset(name).items()}
    except Exception as error:  # network, hub, cache and conversion each have errors of their own
        raise DataError(
            f"{name!r} is no file or folder here, and the hub does not give it ({one_line(error)}).",
            "Check name and connection, or download its Parquet files and give their folder.",
        ) from error
    return from_splits(name, splits)


def _undecoded(rows: Any, datasets: Any) -> Any:
    """The split with its images as bytes: they are decoded here, by the same rules as all others."""
    for column, feature in rows.features.items():
        if isinstance(feature, datasets.Image):
            rows = rows.cast_column(column, datasets.Image(decode=False))
    return rows


def _accepts(name: str) -> bool:
    return _NAME.match(name) is not None


HUB = SourceKind("a hub name such as `uoft-cs/cifar10`", _accepts, _open)
