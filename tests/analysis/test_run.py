"""A finished build as something to analyse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builds import Built
from wattnas.analysis.run import load_run, verified
from wattnas.analysis.tables import read_ours
from wattnas.analysis.target import resolve
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


@pytest.mark.parametrize("value", ["high", None, [1]])
def test_a_verification_with_something_else_than_figures_is_named(copied: Path, value: object) -> None:
    record = json.loads((copied / "verification.json").read_text(encoding="utf-8"))
    record["accuracy"]["accuracy"] = value
    (copied / "verification.json").write_text(json.dumps(record), encoding="utf-8")
    for read in (verified, load_run, read_ours):
        with pytest.raises(RunError, match="holds figures that cannot be read"):
            read(copied)


def test_a_run_that_was_verified_again_is_another(copied: Path) -> None:
    (before,) = resolve(str(copied))
    record = (copied / "verification.json").read_text(encoding="utf-8")
    (copied / "verification.json").write_text(record + " ", encoding="utf-8")
    assert resolve(str(copied))[0].identity != before.identity


def test_a_damaged_verification_is_none(copied: Path) -> None:
    (copied / "verification.json").write_text("{", encoding="utf-8")
    assert verified(copied) is None
