"""Rows of the paper's tables, trained and measured here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor, nn

from tests.pipeline.images import digits, write_digits
from wattnas.analysis.tables import Ours
from wattnas.config import merge_settings
from wattnas.errors import ConfigError, NumericError
from wattnas.pipeline import changes, reproduce
from wattnas.pipeline.reproduction import settings_of
from wattnas.progress import Silent
from wattnas.zoo import ENTRIES


class Mean(nn.Module):
    """Ten logits from the mean of each colour: quick to train and to export."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 10)."""
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Six digits of each class."""
    return str(write_digits(tmp_path_factory.mktemp("digits"), digits(*range(10))))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileNetV2 is a network of 40 parameters."""
    entries = tuple(replace(e, maker=Mean) if e.row == "MobileNetV2" else e for e in ENTRIES)
    monkeypatch.setattr("wattnas.pipeline.reproduction.ENTRIES", entries)


@pytest.mark.parametrize(
    ("name", "method", "goal"),
    [
        ("S1-L65", "s1", 0.65),
        ("S2-L35", "s2", 0.35),
        ("S2-Normal", "s2", 1.0),
        ("FBNet3", "fbnet3", 1.0),
        ("DARTS", "s1", 1.0),
    ],
)
def test_the_name_of_a_row_says_method_and_goal(name: str, method: str, goal: float) -> None:
    settings = settings_of(name, "standard", "somewhere", 0, 0)
    assert (settings.method, settings.goal_accuracy) == (method, goal)
    assert (settings.space, settings.device, settings.preset) == ("cifar", "ozawa-2021", "standard")


def test_what_presets_change_is_said() -> None:
    paper = merge_settings({"preset": "paper", "goal_accuracy": 1.0})
    standard = merge_settings({"preset": "standard", "goal_accuracy": 1.0})
    assert f"train.epochs: {standard.train.epochs} instead of {paper.train.epochs}" in changes(
        "standard", "x"
    )
    assert changes("paper", "x") == []


def test_a_published_and_a_reference_row(images: str, small: None, tmp_path: Path) -> None:
    names = ("S1-L35", "MobileNetV2")
    ours, failed = reproduce(names, "demo", images, tmp_path, Silent(), threads=1)
    assert not failed and set(ours) == set(names)
    searched, reference = ours["S1-L35"], ours["MobileNetV2"]
    assert searched.energy is not None and searched.energy.value == pytest.approx(0.451, abs=0.0005)
    assert searched.params is not None and searched.params.value == 195_242
    assert reference.energy is None and reference.params is not None and reference.params.value == 40
    for found in (searched, reference):
        assert found.accuracy is not None and found.accuracy.n == 10  # a fifth of six, of each class
        assert found.seconds is not None and found.seconds.origin == "measured"
    assert (tmp_path / "S1-L35" / "report.html").is_file()
    dates = {name: _verified(tmp_path / name) for name in names}
    again, _ = reproduce(names, "demo", images, tmp_path, Silent(), threads=1)
    assert again == ours and dates == {name: _verified(tmp_path / name) for name in names}


def _verified(path: Path) -> str:
    return str(json.loads((path / "run.json").read_text(encoding="utf-8"))["stages"]["verify"]["ended"])


def test_other_images_are_refused(tmp_path: Path, small: None) -> None:
    few = str(write_digits(tmp_path / "three", digits(0, 1, 2)))
    ours, failed = reproduce(("MobileNetV2",), "demo", few, tmp_path / "out", Silent(), threads=1)
    assert not ours and "3 classes, the tables 10" in failed[0].reason


def test_a_row_that_fails_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Ours(None, None, None, None)

    def row(name: str, *_: object) -> Ours:
        if name == "DARTS":
            raise NumericError("The loss is nan.")
        return ours

    monkeypatch.setattr("wattnas.pipeline.reproduction.reproduce_row", row)
    found, failed = reproduce(("FBNet1", "DARTS", "S1-L35"), "demo", "digits", tmp_path, Silent())
    assert list(found) == ["FBNet1", "S1-L35"]
    assert [(one.name, one.reason) for one in failed] == [("DARTS", "The loss is nan.")]


def test_an_unknown_row(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="The paper has no 'S3'"):
        reproduce(("S3",), "demo", "digits", tmp_path, Silent())
