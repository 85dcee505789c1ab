"""What a worker does with a task, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.export.models import pixels_file
from wattnas.agent import work
from wattnas.agent.state import State
from wattnas.agent.timing import Protocol
from wattnas.device.link import Stretch
from wattnas.device.null import null_model
from wattnas.export import OnnxModel
from wattnas.machine import Machine

BRIEF = Protocol(rounds=2, max_rounds=2, window_s=0.0, min_runs=2, warmup_s=0.0, warmup_runs=1, drift=3600)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """Two tiny networks by name, and one that is none."""
    contents = {"null": null_model((1, 3, 4, 4)), "pixels": pixels_file(5), "bad": b"no model"}
    for name, content in contents.items():
        (tmp_path / f"{name}.onnx").write_bytes(content)
    return {name: str(tmp_path / f"{name}.onnx") for name in contents}


def write(folder: Path, **task: Any) -> str:
    """The path of a task."""
    path = folder / "task.json"
    path.write_text(json.dumps(task))
    return str(path)


def timing(models: dict[str, str], *names: str, pin: bool = False) -> dict[str, Any]:
    items = {name: models[name] for name in names}
    how = {"threads": 1, "pin": pin, "protocol": BRIEF.to_json()}
    return {"task": "time", "items": items, "anchor": models["null"], **how}


def test_a_stretch_is_timed_in_a_process_of_its_own(tmp_path: Path, models: dict[str, str]) -> None:
    """Its answer is what a host takes for one, and the only line it prints."""
    task = write(tmp_path, **timing(models, "null", "pixels", pin=True))
    program = [sys.executable, "-m", "wattnas.agent.work", task]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    (line,) = ended.stdout.splitlines()
    said = json.loads(line)
    found = Stretch.model_validate({**said, "index": 0, "attempt": 1, "attempts": 1})
    assert list(found.items) == ["null", "pixels"]
    for item in (*found.items.values(), found.anchor):
        assert (len(item.rounds), item.runs) == (2, 4)
        assert item.quiet_s is not None
        assert 0 < item.quiet_s <= item.high
    assert len(found.state["cores"]) <= 1
    assert found.state["machine"]["cpu"]
    assert found.state["onnxruntime"].startswith("1.")
    assert said["wall_s"] > 0


def test_a_bad_model_is_one_error_line_and_an_exit_code(
    tmp_path: Path, models: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert work.main([write(tmp_path, **timing(models, "null", "bad"))]) == 1
    out, err = capfd.readouterr()
    assert err == ""
    (line,) = out.splitlines()
    said = json.loads(line)
    assert (said["kind"], sorted(said)) == ("error", ["hint", "kind", "message"])
    assert "does not load bad.onnx" in said["message"]


def test_a_bad_protocol_is_an_error_line(
    tmp_path: Path, models: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert work.main([write(tmp_path, **timing(models, "null") | {"protocol": {"rounds": "many"}})]) == 1
    assert json.loads(capsys.readouterr().out)["kind"] == "error"


def test_a_stretch_during_which_the_device_was_slowed_down_is_rejected(
    models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(cpu="Example CPU", cores=2, system="Linux")
    states = iter([State(machine, throttle_events=1), State(machine, throttle_events=3)])
    monkeypatch.setattr(work, "read_state", lambda: next(states))
    found = work.time_task(timing(models, "pixels"))
    assert found["rejected"] == "the processor was throttled 2 time(s)"
    assert found["state"]["throttle_events"] == 3
    assert found["state"]["cores"] == []


def test_classes_are_those_of_the_exported_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With unequal factors the largest logit is not simply the brightest pixel."""
    model = tmp_path / "model.onnx"
    model.write_bytes(pixels_file(4, scale=[1.0, 0.9, 1.2, -1.0]))
    images = np.random.default_rng(0).integers(0, 256, size=(7, 1, 1, 4), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    expected = OnnxModel.load(model).predict(torch.from_numpy(images)).argmax(axis=1).tolist()
    assert len(set(expected)) > 1
    for batch in (1, 3, 100):
        named = {"model": str(model), "images": str(tmp_path / "images.npy")}
        assert work.main([write(tmp_path, task="predict", batch=batch, threads=1, **named)]) == 0
        assert json.loads(capsys.readouterr().out) == {"kind": "classes", "classes": expected}


def test_logits_that_are_not_finite_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.onnx").write_bytes(pixels_file(scale=[1.0, float("nan"), 1.0]))
    np.save(tmp_path / "images.npy", np.ones((1, 1, 1, 3), dtype=np.uint8))
    named = {"model": str(tmp_path / "model.onnx"), "images": str(tmp_path / "images.npy")}
    assert work.main([write(tmp_path, task="predict", batch=1, threads=1, **named)]) == 1
    assert "not finite" in json.loads(capsys.readouterr().out)["message"]
