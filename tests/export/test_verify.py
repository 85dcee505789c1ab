from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.models import pixels_file
from wattnas.errors import ConfigError, RunError
from wattnas.export import Accuracy, OnnxModel, Parity, Verification, verify, wilson
from wattnas.units import Quantity

MODEL = OnnxModel(pixels_file(), "it")
PARITY = Parity(n=5, max_abs=1e-6, scale=2.0, max_rel=5e-7, tolerance=1e-3, disagreements=0, ties=0)
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def accuracy(correct: int, n: int) -> Accuracy:
    low, high = wilson(correct, n)
    return Accuracy(
        accuracy=correct / n, low=low, high=high, n=n, correct=correct, per_class={"a": 0.5, "b": None}
    )


def quantity(unit: Any, origin: Any = "predicted") -> Quantity:
    return Quantity(value=0.5, unit=unit, origin=origin, source="a test")


@pytest.mark.parametrize(
    ("goal", "met", "certainty"),
    [
        # 800 of 1000: the interval is 0.7741 to 0.8236.
        (0.77, True, "above"),
        (0.80, True, "within"),
        (0.81, False, "within"),
        (0.83, False, "below"),
        (None, None, None),
    ],
)
def test_judgement(goal: float | None, met: bool | None, certainty: str | None) -> None:
    found = verify(MODEL, accuracy(800, 1000), PARITY, data_hash="d", goal_accuracy=goal)
    assert (found.goal_met, found.certainty) == (met, certainty)


def test_interval_that_ends_at_the_goal() -> None:
    low, high = wilson(800, 1000)
    assert verify(MODEL, accuracy(800, 1000), PARITY, data_hash="d", goal_accuracy=low).certainty == "above"
    assert verify(MODEL, accuracy(800, 1000), PARITY, data_hash="d", goal_accuracy=high).certainty == "within"


def full() -> Verification:
    return verify(
        MODEL,
        accuracy(8, 10),
        PARITY,
        data_hash="abc",
        goal_accuracy=0.5,
        latency=quantity("s", "measured"),
        predicted_latency=quantity("s"),
        predicted_energy=quantity("J", "literature"),
        date=DATE,
    )


def test_file_round_trip(tmp_path: Path) -> None:
    found = full()
    found.save(tmp_path / "verification.json")
    assert Verification.load(tmp_path / "verification.json") == found
    raw = json.loads((tmp_path / "verification.json").read_text())
    assert raw["accuracy"]["low"] == pytest.approx(0.4902, abs=5e-5)  # 8 of 10
    assert raw["accuracy"]["per_class"] == {"a": 0.5, "b": None}
    assert raw["size_bytes"] == len(pixels_file())
    assert raw["date"] == "2026-01-02T03:04:05Z"
    assert raw["predicted_energy"]["unit"] == "J"
    assert set(raw["versions"]) == {"wattnas", "python", "torch", "onnx", "onnxruntime", "numpy"}


def test_date_is_now_in_utc() -> None:
    date = verify(MODEL, accuracy(1, 2), PARITY, data_hash="d").date
    assert abs((datetime.now(timezone.utc) - date).total_seconds()) < 60


@pytest.mark.parametrize(
    "bad",
    [
        {"goal_accuracy": 0.0},
        {"goal_accuracy": 1.5},
        {"goal_accuracy": float("nan")},
        {"latency": quantity("J", "measured")},
        {"latency": quantity("s", "modelled")},
        {"predicted_latency": quantity("J")},
        {"predicted_energy": quantity("s")},
    ],
)
def test_findings_that_make_no_sense(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="do not make a verification"):
        verify(MODEL, accuracy(8, 10), PARITY, data_hash="d", **bad)


@pytest.mark.parametrize(
    ("key", "value"), [("goal_met", False), ("certainty", "below"), ("goal_accuracy", 0.9), ("unknown", 1)]
)
def test_changed_file_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "verification.json"
    full().save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(RunError, match=r"verification\.json is not a verification"):
        Verification.load(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="absent"):
        Verification.load(tmp_path / "absent.json")


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps({"accuracy": text}).encode()))
def test_garbage_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match="is not a verification"):
        Verification.load(path)
