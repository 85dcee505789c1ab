"""The page of a sweep against its file."""

from __future__ import annotations

from pathlib import Path

from tests.report.fake_sweep import make_sweep
from tests.report.reading import Document
from wattnas.report import write_report
from wattnas.report.render import render
from wattnas.report.sweep_page import build_sweep_page

SWEEP = make_sweep(12)


def test_every_number_of_the_tables_is_in_the_file(tmp_path: Path) -> None:
    SWEEP.save(tmp_path / "sweep.json")
    found = Document(write_report(tmp_path).read_text(encoding="utf-8"))
    numbers = {point.goal for point in SWEEP.points}
    for network in (*SWEEP.points, *SWEEP.references):
        quantities = [network.cost(key) for key in ("energy_j", "latency_s", "params", "macs")]
        numbers |= {entry.value for entry in (network.accuracy, *quantities) if entry is not None}
    assert len(found.data) > 80
    assert [entry for entry in found.data if entry[2] not in numbers] == []
    assert found.unclosed == []


def test_a_row_per_network_and_per_goal() -> None:
    page = build_sweep_page(SWEEP)
    assert [row.name for row in page.rows] == [entry.name for entry in (*SWEEP.points, *SWEEP.references)]
    assert page.headers == ("Accuracy", "Energy", "Latency", "Parameters", "MACs")
    goals = sorted(point.goal for point in SWEEP.points if point.goal is not None)
    assert [row.goal.value for row in page.goals] == goals
    for row in page.goals:
        reached = row.reached.number
        assert reached is not None and row.verdict == (
            "met" if reached.value >= row.goal.value else "not met"
        )


def test_every_number_says_where_it_is_from() -> None:
    for row in build_sweep_page(SWEEP).rows:
        assert all(cell.origin for cell in row.cells if cell.number is not None)


def test_provenance_and_warnings_are_shown() -> None:
    found = Document(render(build_sweep_page(SWEEP)))
    text = found.text("provenance")
    assert "Wall time, supernet 10 min 12 s" in text and "The profile knows no spread." in text
    assert "versions.torch 2.13.0" in text
