"""`wattnas report` on runs, sweeps and analyses, and while a run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builds import wattnas
from tests.report.fake_analysis import make_analysis
from tests.report.fake_run import make_run
from tests.report.fake_sweep import make_sweep


def test_it_prints_where_each_page_is(tmp_path: Path) -> None:
    run, analysis = make_run(tmp_path / "run"), make_analysis(tmp_path / "analysis")
    (tmp_path / "sweep").mkdir()
    make_sweep(3).save(tmp_path / "sweep" / "sweep.json")
    for folder in (run, analysis, tmp_path / "sweep"):
        assert wattnas("report", folder) == (0, f"{folder / 'report.html'}\n", "")
        assert (folder / "report.html").is_file()


def test_a_finished_run_is_watched_once(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    code, out, err = wattnas("report", "--watch", run)
    assert (code, out) == (0, f"{run / 'report.html'}\n") and "Ctrl-C" in err
    assert wattnas("report", "--watch", "--quiet", run) == (0, f"{run / 'report.html'}\n", "")


def test_a_run_that_another_process_holds_is_reported_on(tmp_path: Path) -> None:
    from wattnas.rundir import RunDir

    run = make_run(tmp_path / "run", done=("search",))
    with RunDir(run).locked():
        assert wattnas("report", run)[0] == 0


def test_nothing_to_report_on_is_one_line(tmp_path: Path) -> None:
    code, out, err = wattnas("report", tmp_path)
    assert (code, out) == (2, "") and "it has no run.json, sweep.json or analysis.json" in err
    assert list(tmp_path.iterdir()) == []


def test_the_log_goes_to_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    run = make_run(tmp_path / "run")
    assert wattnas("report", run, "--tensorboard", tmp_path / "events")[0] == 0
    assert list((tmp_path / "events").glob("events.out.tfevents.*"))
