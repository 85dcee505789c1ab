"""Figures are drawn from what there is."""

from __future__ import annotations

from pathlib import Path

from tests.analysis.models import row
from wattnas.analysis.figures import draw_all

ALL = [
    "top1.png",
    "top1-operations.png",
    "top1-time.png",
    "top1-energy.png",
    "top1-memory.png",
    "time-operations.png",
    "time-batch.png",
    "memory-batch.png",
]


def test_every_figure(tmp_path: Path) -> None:
    rows = [row(f"net{i}", macs=1e8 * (i + 1), seconds=0.01 * (i + 1), top1=0.6 + 0.05 * i) for i in range(3)]
    assert draw_all(rows, tmp_path) == ALL
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ALL)


def test_what_has_no_accuracy_is_in_the_others(tmp_path: Path) -> None:
    assert draw_all([row("net", top1=None)], tmp_path) == [
        "time-operations.png",
        "time-batch.png",
        "memory-batch.png",
    ]
    assert draw_all([], tmp_path) == []
