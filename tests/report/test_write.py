"""The report as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.fake_run import make_run
from wattnas.errors import RunError
from wattnas.report import write_report
from wattnas.report.page import build_page
from wattnas.report.read import RunFiles
from wattnas.report.render import render


def test_it_lies_in_the_run_and_is_small(finished: Path) -> None:
    path = finished / "report.html"
    assert 100_000 < path.stat().st_size < 2_000_000
    assert not list(finished.glob("*.part")) and not list(finished.glob(".*.part"))


def test_the_same_files_give_the_same_page(files: RunFiles, finished: Path) -> None:
    assert render(build_page(files)) == (finished / "report.html").read_text(encoding="utf-8")


def test_it_is_returned_and_replaces_an_older_one(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=())
    (path / "report.html").write_text("old")
    assert write_report(path) == path / "report.html"
    assert (path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_damaged_run_keeps_its_older_report(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=("search",))
    (path / "report.html").write_text("old")
    (path / "costs.json").write_text("{")
    with pytest.raises(RunError, match=r"costs\.json"):
        write_report(path)
    assert (path / "report.html").read_text() == "old"
