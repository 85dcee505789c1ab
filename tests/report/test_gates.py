"""Gates against the log they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.fake_run import CLASSES, make_run
from tests.report.test_curves import logged
from wattnas.report.gates import MAX_EPOCHS, build_gates
from wattnas.report.read import RunFiles, read_run


def test_gates_are_those_of_the_last_epoch(files: RunFiles, finished: Path) -> None:
    gates = build_gates(files)
    last = [line for line in logged(finished, "search") if "probabilities" in line][-1]
    assert gates is not None and gates.epoch == 10
    assert [list(row) for row in gates.chart.values] == last["probabilities"]
    assert [[value.value for value in row] for _, row in gates.rows] == last["probabilities"]
    assert gates.chart.columns[0] == "k3_e1" and gates.chart.rows[1] == "1 k3_e1_g2"
    best = max(range(22), key=lambda row: max(last["probabilities"][row]))
    assert (
        f"Most decided: layer {best} ({100 * max(last['probabilities'][best]):.2f} %)" in gates.chart.caption
    )


def test_candidates_that_the_run_does_not_name_are_numbered(tmp_path: Path) -> None:
    gates = build_gates(read_run(make_run(tmp_path, name_candidates=False, classes=CLASSES[:2])))
    assert gates is not None and gates.chart.columns[:2] == ("candidate 0", "candidate 1")


def test_the_history_holds_every_epoch(files: RunFiles, finished: Path) -> None:
    gates = build_gates(files)
    saved = [line["probabilities"] for line in logged(finished, "search") if "probabilities" in line]
    assert gates is not None and gates.epochs == tuple(range(1, 11))
    assert [[list(row) for row in values] for values in gates.history] == saved
    assert gates.to_json()["epochs"] == gates.epochs


def test_over_time_it_is_the_leader_of_the_end(files: RunFiles, finished: Path) -> None:
    gates = build_gates(files)
    saved = [line["probabilities"] for line in logged(finished, "search") if "probabilities" in line]
    assert gates is not None
    for layer, row in enumerate(gates.over_time.values):
        lead = max(range(9), key=lambda column: saved[-1][layer][column])
        assert list(row) == [values[layer][lead] for values in saved]
    assert gates.over_time.columns == tuple(str(epoch) for epoch in range(1, 11))


@pytest.mark.parametrize("epochs", [MAX_EPOCHS, 3 * MAX_EPOCHS + 1])
def test_long_histories_are_thinned_and_end_where_they_end(tmp_path: Path, epochs: int) -> None:
    path = make_run(tmp_path)
    line = logged(path, "search")[-1]
    lines = [json.dumps(line | {"epoch": epoch, "step": epoch + 1}) + "\n" for epoch in range(epochs)]
    (path / "metrics.jsonl").write_text("".join(lines))
    gates = build_gates(read_run(path))
    assert gates is not None and len(gates.history) <= MAX_EPOCHS and gates.epochs[-1] == epochs
    assert len(gates.over_time.columns) == epochs


def test_before_an_epoch_has_ended_there_are_none(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    lines = logged(path, "search")[:4]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert build_gates(read_run(path)) is None
