"""The greeting: what is there, and what to do about what is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from wattnas.agent import facts
from wattnas.agent.facts import BITS, INSTALL, greeting, print_versions, problems, versions
from wattnas.agent.lines import dump
from wattnas.agent.store import Store

FOUND = {"numpy": "2.0", "onnxruntime": "1.20", "reason": ""}


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_the_greeting_says_what_the_device_is(tmp_path: Path) -> None:
    said = json.loads(dump(greeting(Store(tmp_path), FOUND)))
    assert said["python"] == ".".join(map(str, sys.version_info[:3])) and said["bits"] == 64
    assert said["numpy"] == "2.0" and said["folder"] == str(tmp_path) and said["free_bytes"] > 0
    assert said["problems"] == [] and said["state"]["machine"]["cores"] >= 1


def test_versions_come_from_a_process_of_its_own() -> None:
    assert versions(program(f"print('warning')\nprint({json.dumps(json.dumps(FOUND))})")) == FOUND


def test_what_does_not_load(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(facts, "NEEDED", ("json", "no_such_package"))
    monkeypatch.setattr(json, "__version__", "2.0.9", raising=False)
    assert print_versions() == 0
    found = json.loads(capsys.readouterr().out)
    reason = "ModuleNotFoundError: No module named 'no_such_package'"
    assert found == {"json": "2.0.9", "no_such_package": None, "reason": reason}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os; os.kill(os.getpid(), 4)", "loading them ends with SIGILL: "),
        ("pass", "loading them ends with code 0: "),
        ("print('garbage')", "is no JSON"),
        (
            "import sys; print('{}'); sys.stderr.write('bad wheel'); sys.exit(1)",
            "loading them ends with code 1: bad wheel",
        ),
    ],
)
def test_a_probe_that_ends_badly_is_no_version(text: str, reason: str) -> None:
    found = versions(program(text))
    assert found["numpy"] is None and found["onnxruntime"] is None
    assert reason in found["reason"]


def test_a_python_that_is_not_there() -> None:
    assert "No such file" in versions(["/no/such/python"])["reason"]


def test_problems() -> None:
    assert problems(64, FOUND) == []
    (missing,) = problems(64, {"numpy": None, "onnxruntime": None, "reason": "ImportError: x"})
    said = "Python on the device cannot load numpy and onnxruntime (ImportError: x)."
    assert missing == {"message": said, "hint": INSTALL}
    (one,) = problems(64, FOUND | {"onnxruntime": None})
    assert one["message"] == "Python on the device cannot load onnxruntime."
    (bits,) = problems(32, FOUND | {"onnxruntime": None})
    said = "Python on the device is a 32-bit program, and ONNX Runtime has no wheels for it."
    assert bits == {"message": said, "hint": BITS} and "64-bit system" in BITS
    assert problems(32, FOUND) == []  # somebody built one
