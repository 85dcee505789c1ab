"""`compare` and `reproduce`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.models import quantity
from tests.builds import Built, wattnas
from wattnas.analysis.tables import Ours
from wattnas.pipeline.reproduction import Failed


def test_compare_shows_runs_beside_the_paper(built: Built, tmp_path: Path) -> None:
    code, out, said = wattnas("compare", built.path, tmp_path)
    assert code == 2 and "not a run directory" in said
    assert out.count(f"| {built.path.name} | - |") == 2  # a row of its own in both tables
    assert "| MobileNetV2 | 94.2% | - | 40.1 s | - | 21.1 J | - | 2.2 M | - |" in out
    assert "| S2-L35 | 69.3% |" in out and "Raspberry Pi" in out
    assert wattnas("compare", built.path)[0] == 0


def test_reproduce_prints_changes_and_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Ours(quantity(0.9), quantity(1.0, "s"), None, quantity(40))
    asked: list[object] = []

    def rows(names: list[str], preset: str, data: str, out: Path, *_: object, **__: object) -> object:
        asked.extend((tuple(names), preset, data))
        return {"S1-L35": ours}, [Failed("DARTS", "no memory.")]

    monkeypatch.setattr("wattnas.cli.paper.reproduce_rows", rows)
    code, out, said = wattnas(
        "reproduce", "table2", "--preset", "demo", "--out", tmp_path, "--only", "S1-L35"
    )
    assert asked == [("S1-L35",), "demo", "digits"]
    assert code == 2 and "DARTS: no memory." in said
    assert out.index("train.epochs: 1 instead of 140") < out.index("| S1-L35 | 70.0% | 90.0% |")
    assert "accuracies cannot be compared" in out
    assert "| S1-L35 | 70.0% | 90.0% |" in (tmp_path / "table2.md").read_text(encoding="utf-8")


def test_the_paper_s_images_have_to_be_named() -> None:
    code, _, said = wattnas("reproduce", "table3", "--preset", "standard")
    assert code == 2 and "needs the images of CIFAR-10" in said and "--data" in said
