"""Classes and data: what the network learned from, and how well it knows each class."""

from __future__ import annotations

from dataclasses import dataclass

from wattnas.report.files import DataFacts, Manifest, SplitFacts
from wattnas.report.read import RunFiles
from wattnas.report.text import Number, Rows, counted, goal_text, share

MAX_SKIPPED = 50
MAX_CLASSES = 1000


@dataclass(frozen=True)
class ClassRow:
    """One class; `accuracy` is None where it was not measured or there was no test image of it."""

    name: str
    accuracy: Number | None
    images: tuple[str, ...]


@dataclass(frozen=True)
class ClassTable:
    """Accuracy and number of images by class, the worst first.

    Attributes:
        splits: names of the columns of images.
        is_measured: whether accuracies are known.
        rows: at most `MAX_CLASSES`.
        note: says so where classes are left out.
    """

    splits: tuple[str, ...]
    is_measured: bool
    rows: tuple[ClassRow, ...]
    note: str


@dataclass(frozen=True)
class Data:
    """What the network learned from and was tested on.

    Attributes:
        facts: source, hash, counts and duplicates.
        classes: their names, in the order of the network's outputs.
        skipped: "file or row: reason", the first few.
        skipped_note: how many there are in all.
    """

    facts: Rows
    classes: tuple[str, ...]
    skipped: tuple[str, ...]
    skipped_note: str


def build_classes(files: RunFiles) -> ClassTable | None:
    """The table; None where neither accuracies nor counts by class are known."""
    found, data = files.verification, files.manifest.data
    shares = found.accuracy.per_class if found is not None else {}
    images = data.splits.images if data is not None else {}
    names = list(dict.fromkeys([*shares, *(name for counts in images.values() for name in counts)]))
    if not names:
        return None
    rows = [_class_row(name, shares.get(name), images) for name in names]
    rows.sort(key=lambda row: 2.0 if row.accuracy is None else row.accuracy.value)
    what = "worst" if shares else "first"
    note = f"The {MAX_CLASSES:,} {what} of {len(rows):,} classes." if len(rows) > MAX_CLASSES else ""
    return ClassTable(tuple(images), bool(shares), tuple(rows[:MAX_CLASSES]), note)


def _class_row(name: str, found: float | None, images: dict[str, dict[str, int]]) -> ClassRow:
    counts = tuple(f"{counts.get(name, 0):,}" for counts in images.values())
    return ClassRow(name, None if found is None else share(found), counts)


def build_data(manifest: Manifest) -> Data | None:
    """The data of the run; None where it was not read yet."""
    data = manifest.data
    if data is None:
        return None
    more = len(data.skipped) - MAX_SKIPPED
    return Data(
        facts=(*_source(data), *_splits(data.splits)),
        classes=data.classes[:MAX_CLASSES],
        skipped=data.skipped[:MAX_SKIPPED],
        skipped_note=f"and {more:,} more; run.json lists all." if more > 0 else "",
    )


def _source(data: DataFacts) -> Rows:
    skipped = counted(len(data.skipped), "image or file", "images or files") if data.skipped else "nothing"
    return (
        ("Source", data.source),
        ("Hash", data.hash),
        ("Classes", f"{len(data.classes):,}"),
        ("Skipped", skipped),
    )


def _splits(splits: SplitFacts) -> Rows:
    rows = [
        (f"Images, {name}", f"{sum(counts.values()):,}{_asked(splits, name)}")
        for name, counts in splits.images.items()
    ]
    found = {
        "Repeated training images": splits.repeated,
        "Test images that are also training images": splits.test_in_train and splits.test_in_train.total,
        "Images that repeat one of another class": splits.contradictions and splits.contradictions.total,
    }
    rows += [(name, f"{count:,}") for name, count in found.items() if count is not None]
    return tuple(rows)


def _asked(splits: SplitFacts, name: str) -> str:
    if name == "test" and splits.own_test:
        return " (the source's own)"
    return f" ({goal_text(splits.shares[name])} asked for)" if name in splits.shares else ""
