"""The log in TensorBoard's own reader."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.report.fake_run import make_run
from wattnas.errors import MissingExtraError
from wattnas.report.tensorboard import Events


@pytest.fixture
def reader() -> Any:
    return pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs the extra tensorboard"
    )


def scalars(reader: Any, folder: Path, tag: str) -> list[tuple[int, float]]:
    found = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    return [(entry.step, entry.value) for entry in found.Scalars(tag)]


def test_scalars_are_those_of_the_log(reader: Any, tmp_path: Path) -> None:
    log = make_run(tmp_path / "run") / "metrics.jsonl"
    events = Events(log, tmp_path / "events")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert events.follow() == len(lines)
    events.close()
    wanted = [(line["step"], line["loss"]) for line in lines if line["stage"] == "train"]
    found = scalars(reader, tmp_path / "events", "train/loss")
    assert [step for step, _ in found] == [step for step, _ in wanted]
    assert [value for _, value in found] == pytest.approx([value for _, value in wanted])


def test_only_new_and_whole_lines_are_read(reader: Any, tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    events = Events(log, tmp_path / "events")
    assert events.follow() == 0  # not there yet
    log.write_text('{"stage": "train", "step": 1, "loss": 2.0}\n{"stage": "tr')
    assert events.follow() == 1
    with log.open("a") as file:
        file.write('ain", "step": 2, "loss": 1.5, "architecture": "skip"}\n')
    assert events.follow() == 1
    log.write_text('{"stage": "train", "step": 1, "loss": 2.0}\n')  # a resumed run cut it back
    assert events.follow() == 0
    with log.open("a") as file:
        file.write('{"stage": "train", "step": 2, "loss": 1.5}\n')
    assert events.follow() == 1
    events.close()
    assert scalars(reader, tmp_path / "events", "train/loss") == [(1, 2.0), (2, 1.5), (2, 1.5)]


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    with pytest.raises(MissingExtraError, match=r"wattnas\[tensorboard\]"):
        Events(tmp_path / "metrics.jsonl", tmp_path)
