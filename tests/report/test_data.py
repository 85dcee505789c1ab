"""Classes and data against the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.fake_run import CLASSES, make_run
from tests.report.test_read import edit
from wattnas.report.data import MAX_CLASSES, build_classes, build_data
from wattnas.report.read import RunFiles, read_run


def test_classes_are_sorted_from_the_worst(files: RunFiles) -> None:
    table = build_classes(files)
    assert table is not None and files.verification is not None and table.is_measured
    found = {row.name: row.accuracy.value for row in table.rows if row.accuracy is not None}
    assert found == files.verification.accuracy.per_class
    assert list(found.values()) == sorted(found.values())
    assert table.splits == ("weights", "theta", "validation", "test")
    assert {row.images for row in table.rows} == {("72", "18", "10", "40")}


def test_a_class_without_a_test_image_has_no_accuracy_and_comes_last(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    edit(path / "verification.json", "accuracy", "per_class", "cat", value=None)
    table = build_classes(read_run(path))
    assert table is not None and (table.rows[-1].name, table.rows[-1].accuracy) == ("cat", None)


def test_before_verification_only_the_images_are_counted(tmp_path: Path) -> None:
    table = build_classes(read_run(make_run(tmp_path, done=())))
    assert table is not None and not table.is_measured
    assert tuple(row.name for row in table.rows) == CLASSES


def test_thousands_of_classes_are_cut_and_counted(tmp_path: Path) -> None:
    names = tuple(f"class {index}" for index in range(MAX_CLASSES + 7))
    files = read_run(make_run(tmp_path, done=(), classes=names))
    table, data = build_classes(files), build_data(files.manifest)
    assert table is not None and len(table.rows) == MAX_CLASSES
    assert table.note == "The 1,000 first of 1,007 classes."
    assert data is not None and dict(data.facts)["Classes"] == "1,007"


def test_facts_are_those_of_the_split(files: RunFiles) -> None:
    data = build_data(files.manifest)
    assert data is not None
    facts = dict(data.facts)
    assert facts["Images, weights"] == "720"  # ten classes with 72 each
    assert facts["Images, theta"] == "180 (20 % asked for)"
    assert facts["Images, test"] == "400 (the source's own)"
    assert facts["Repeated training images"] == "3"
    assert facts["Test images that are also training images"] == "1"
    assert facts["Images that repeat one of another class"] == "0"
    assert facts["Hash"] == "9b1e5a0c77d3f210" and facts["Skipped"] == "2 images or files"
    assert data.skipped[1] == "row 17: CMYK" and data.skipped_note == ""


@pytest.mark.parametrize(("count", "note"), [(50, ""), (51, "and 1 more; run.json lists all.")])
def test_many_skipped_images_are_counted(tmp_path: Path, count: int, note: str) -> None:
    path = make_run(tmp_path, done=())
    edit(path / "run.json", "data", "skipped", value=[f"row {index}: too small" for index in range(count)])
    data = build_data(read_run(path).manifest)
    assert data is not None and len(data.skipped) == 50 and data.skipped_note == note


def test_no_data_yet(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=())
    edit(path / "run.json", "data", value=None)
    files = read_run(path)
    assert build_data(files.manifest) is None and build_classes(files) is None
