"""A page that follows a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.fake_run import make_run
from wattnas.errors import RunError
from wattnas.report.watch import is_done, watch_report

REFRESH = '<meta http-equiv="refresh" content="7">'


def test_the_page_follows_the_run_until_it_is_done(tmp_path: Path) -> None:
    make_run(tmp_path, done=("search",))
    looks = 0

    def go_on(seconds: float) -> None:
        nonlocal looks
        looks += 1
        assert seconds == 7
        if looks == 2:  # nothing changed at the first look
            make_run(tmp_path)

    pages = []
    for found in watch_report(tmp_path, 7, go_on):
        assert isinstance(found, Path)
        pages.append(found.read_text(encoding="utf-8"))
    assert len(pages) == 2 and looks == 2
    assert REFRESH in pages[0] and "Missing: train, export, verify" in pages[0]
    assert REFRESH not in pages[1] and "Goal met" in pages[1]


def test_a_file_that_is_damaged_for_a_moment_ends_nothing(tmp_path: Path) -> None:
    make_run(tmp_path, done=("search",))
    contents = ["{", None]

    def go_on(_: float) -> None:
        content = contents.pop(0)
        if content is None:
            make_run(tmp_path)
        else:
            (tmp_path / "costs.json").write_text(content)

    found = list(watch_report(tmp_path, 1, go_on))
    assert [type(entry) is RunError for entry in found] == [False, True, False]


def test_what_is_no_run_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        next(watch_report(tmp_path))


def test_a_stage_that_was_forgotten_is_not_done(tmp_path: Path) -> None:
    make_run(tmp_path)
    assert is_done(tmp_path)
    content = json.loads((tmp_path / "run.json").read_text())
    del content["stages"]["verify"]
    (tmp_path / "run.json").write_text(json.dumps(content))
    assert not is_done(tmp_path)
