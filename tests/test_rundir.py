"""The run directory: one process, one set of settings, a log that can be cut back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wattnas.errors import RunError
from wattnas.rundir import MetricsLog, RunDir, read_metrics


def started(path: Path, **settings: object) -> RunDir:
    run = RunDir(path)
    with run.locked():
        run.start({"seed": 0, "search": {"epochs": 2}, **settings}, {"versions": {}})
    return run


def test_the_same_settings_resume_and_others_are_refused_by_name(tmp_path: Path) -> None:
    created = started(tmp_path / "r").manifest["created"]
    assert started(tmp_path / "r").manifest["created"] == created
    with pytest.raises(RunError, match=r"built with seed = 0, not 1"):
        started(tmp_path / "r", seed=1)
    with pytest.raises(RunError, match=r"search\.epochs = 2, not 3"):
        started(tmp_path / "r", search={"epochs": 3})


def test_a_foreign_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(RunError, match=r"thesis\.tex"):
        started(tmp_path)
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json"):
        RunDir(tmp_path).load()


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from wattnas.rundir import RunDir\n"
        "with RunDir(Path(sys.argv[1])).locked():\n    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(RunError, match="Another process"), RunDir(tmp_path).locked():
        pass
    holder.kill()
    holder.wait()
    with RunDir(tmp_path).locked():
        pass


def test_stages_are_done_until_forgotten(tmp_path: Path) -> None:
    run = started(tmp_path)
    run.finish("search", 1.5, log_bytes=10)
    run.checkpoint_path("train").write_bytes(b"x")
    assert RunDir(tmp_path).load()["stages"]["search"]["wall_s"] == 1.5
    assert run.is_done("search") and not run.is_done("train")
    run.forget(("search", "train"))
    assert not run.is_done("search") and not run.checkpoint_path("train").exists()


def test_the_log_is_cut_back_to_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path, 0)
    log.write(stage="search", step=1)
    kept = log.offset()
    log.write(stage="search", step=2)
    log.close()
    MetricsLog(path, kept).close()
    assert read_metrics(path) == [{"stage": "search", "step": 1}]
    with pytest.raises(RunError, match="shorter"):
        MetricsLog(path, kept + 1)


def test_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(json.dumps({"step": 1}) + '\n{"step": ')
    assert read_metrics(path) == [{"step": 1}]


def test_not_a_number_does_not_enter_the_log(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl", 0)
    with pytest.raises(ValueError, match="JSON"):
        log.write(loss=float("nan"))
    log.close()
