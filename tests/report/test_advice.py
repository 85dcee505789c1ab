"""A bit more, a bit less: neighbours of the chosen network, and what to relax."""

from __future__ import annotations

import json
from pathlib import Path

from tests.report.fake_run import add_loop, make_run
from tests.report.reading import Document
from wattnas.report.advice import build_advice
from wattnas.report.answer import build_answer
from wattnas.report.page import build_page
from wattnas.report.read import read_run
from wattnas.report.render import render
from wattnas.rundir import RunDir


def test_neighbours_stand_on_either_side_of_the_chosen_one(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    add_loop(path)
    found = build_advice(read_run(path).advice)
    assert found is not None
    assert [row.name for row in found.rows] == ["Next cheaper", "Chosen", "Next better"]
    assert [row.accuracy.value for row in found.rows] == [0.64, 0.66, 0.68]
    assert [row.costs[found.headers.index("Energy")].value for row in found.rows] == [0.4, 0.5, 0.7]
    assert [row.origin for row in found.rows] == ["predicted", "measured", "predicted"]
    assert "20 mJ and 100 us" in found.slope


def test_what_to_relax_is_said_in_words(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    add_loop(path)
    found = build_advice(read_run(path).advice)
    assert found is not None
    goal, latency, params = found.relax
    assert "90 %" in goal and "70.00 %" in goal
    assert "up to 3 ms instead of 1 ms" in latency
    assert "1 k" in params and "not expected to help" in params


def test_the_page_has_the_neighbours_and_why_the_loop_ended(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    add_loop(path)
    page = Document(render(build_page(read_run(path))))
    assert "68.00 %" in page.row("advice", "Next better", width=8)[1]
    assert "64.00 %" in page.row("advice", "Next cheaper", width=8)[1]


def test_the_page_says_after_how_many_epochs_neighbours_are_expected(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    add_loop(path)
    assert "not been trained." in render(build_page(read_run(path)))
    advice = json.loads((path / "advice.json").read_text())
    (path / "advice.json").write_text(json.dumps(advice | {"epochs": 32}))
    assert "after 32 epochs, like that of the chosen one." in render(build_page(read_run(path)))


def test_a_run_without_a_loop_has_no_such_part(tmp_path: Path) -> None:
    assert build_advice(read_run(make_run(tmp_path)).advice) is None


def test_a_broken_bound_is_said_on_top(tmp_path: Path) -> None:
    """Against what costs.json predicts; the goal is met."""
    path = make_run(tmp_path)
    run = RunDir(path)
    run.load()
    files = read_run(path)
    assert files.costs is not None
    for factor, headline, word in ((1.01, "Goal met", "kept"), (0.99, "but a bound is broken", "broken")):
        run.manifest["settings"]["bounds"] = {"energy_j": files.costs.energy_j * factor, "params": None}
        run.save()
        answer = build_answer(read_run(path))
        assert headline in answer.headline
        assert any(word in sentence for sentence in answer.sentences if sentence.startswith("Bounds"))
