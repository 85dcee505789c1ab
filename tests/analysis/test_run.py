"""A finished build as something to analyse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builds import Built
from wattnas.analysis.run import load_run, verified
from wattnas.errors import RunError


def test_a_run_brings_its_network_and_its_accuracy(built: Built) -> None:
    loaded = load_run(built.path)
    record = json.loads((built.path / "verification.json").read_text(encoding="utf-8"))
    costs = json.loads((built.path / "costs.json").read_text(encoding="utf-8"))
    assert loaded.content == (built.path / "model.onnx").read_bytes()
    assert (loaded.params, loaded.weights) == (costs["params"], "trained")
    assert loaded.measured["accuracy"].value == record["accuracy"]["accuracy"]
    assert loaded.measured["accuracy"].n == record["accuracy"]["n"]


def test_a_run_without_a_network(copied: Path) -> None:
    (copied / "model.onnx").unlink()
    with pytest.raises(RunError, match=r"no model\.onnx yet"):
        load_run(copied)


def test_a_damaged_verification_is_none(copied: Path) -> None:
    (copied / "verification.json").write_text("{", encoding="utf-8")
    assert verified(copied) is None
