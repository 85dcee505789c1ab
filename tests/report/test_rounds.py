"""Rounds of the closed loop."""

from __future__ import annotations

from pathlib import Path

from tests.report.fake_analysis import quantity
from tests.report.fake_run import make_run
from tests.report.reading import Document
from wattnas.files import write_json
from wattnas.report.page import build_page
from wattnas.report.read import read_run
from wattnas.report.render import render
from wattnas.report.rounds import build_rounds


def test_rounds_are_shown_with_their_numbers(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    first = {"round": 1, "predicted_accuracy": quantity(0.71, "1", "predicted", low=0.69, high=0.73)}
    first |= {"validation_accuracy": quantity(0.66, "1"), "energy_j": quantity(0.2, "J", "predicted")}
    first |= {"epochs": 16, "decision": "missed by 4 points: select again", "architecture": ["skip", "k3_e1"]}
    write_json(path / "rounds.json", {"rounds": [first, {"round": 2}]})
    rows = build_rounds(read_run(path).rounds)
    assert rows[0].predicted.interval == "69.00 % to 73.00 %" and rows[0].predicted.origin == "predicted"
    assert rows[1].energy.number is None
    found = Document(render(build_page(read_run(path))))
    cells = found.row("search", "1", width=8)
    assert "66.00 % measured" in cells[2] and cells[5] == "16" and "select again" in cells[6]


def test_a_run_without_a_loop_has_none(tmp_path: Path) -> None:
    assert build_rounds(read_run(make_run(tmp_path)).rounds) == ()
