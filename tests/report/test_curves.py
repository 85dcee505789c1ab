"""Curves against the log they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.fake_run import make_run, train_lines
from wattnas.report.curves import MAX_ROWS, build_search, build_train
from wattnas.report.read import RunFiles, read_run


def logged(path: Path, stage: str) -> list[dict[str, Any]]:
    """The lines of a stage, read the plain way."""
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["stage"] == stage]


def test_series_are_the_logged_values(files: RunFiles, finished: Path) -> None:
    curves = build_search(files)
    assert curves is not None
    lines = logged(finished, "search")
    accuracy = curves.charts[0]
    weights, theta = accuracy.series
    assert weights.y == tuple(line["weight_accuracy"] for line in lines)
    assert theta.y == tuple(line["accuracy"] for line in lines if "accuracy" in line)
    energy = next(chart for chart in curves.charts if chart.title == "Expected energy")
    assert energy.series[0].y == tuple(line["energy_j"] for line in lines if "energy_j" in line)
    assert energy.unit == "J"


def test_lines_stand_at_their_epoch(files: RunFiles) -> None:
    curves = build_search(files)
    assert curves is not None
    weights, theta = curves.charts[0].series
    assert weights.x[0] == pytest.approx(0.1) and weights.x[-1] == pytest.approx(10)
    assert theta.x[0] == pytest.approx(3.1)  # theta learns from epoch 3 on
    assert curves.charts[0].x_label == "epoch"


def test_before_an_epoch_has_ended_lines_stand_at_their_step(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    lines = logged(path, "search")[:4]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = read_run(path)
    curves = build_search(files)
    assert curves is not None and build_train(files) is None
    assert curves.charts[0].x_label == "step" and curves.charts[0].series[0].x == (5, 10, 15, 20)
    assert [line.name for line in curves.charts[0].series] == ["weights"]
    assert "Expected latency" not in [chart.title for chart in curves.charts]


def test_the_goal_is_a_line_of_the_accuracies(files: RunFiles) -> None:
    search, train = build_search(files), build_train(files)
    assert search is not None and train is not None
    goals = {chart.key: chart.goal for chart in (*search.charts, *train.charts) if chart.goal is not None}
    assert goals == {"search-0": 0.65, "train-1": 0.65}


def test_the_table_holds_the_last_line_of_each_epoch(files: RunFiles, finished: Path) -> None:
    curves = build_train(files)
    assert curves is not None
    last = [line for line in logged(finished, "train") if "validation_accuracy" in line]
    assert curves.table.headers == ("Loss (nats)", "Accuracy, training", "Accuracy, validation")
    for (epoch, values), line in zip(curves.table.rows, last, strict=True):
        assert epoch == line["epoch"] + 1
        found = [value.value for value in values if value is not None]
        assert found == [line["loss"], line["accuracy"], line["validation_accuracy"]]


def test_a_value_that_was_not_logged_is_no_zero(files: RunFiles) -> None:
    curves = build_search(files)
    assert curves is not None
    column = curves.table.headers.index("Expected latency")
    assert curves.table.rows[0][1][column] is None and curves.table.rows[3][1][column] is not None


def test_a_null_in_the_log_is_passed_over(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    lines = logged(path, "train")
    lines[3]["loss"] = None
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curves = build_train(read_run(path))
    assert curves is not None and len(curves.charts[0].series[0].y) == 119


def test_long_tables_are_thinned_and_say_so(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=("search", "train"))
    lines = train_lines(epochs=1000)
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curves = build_train(read_run(path))
    assert curves is not None
    epochs = [epoch for epoch, _ in curves.table.rows]
    assert len(epochs) <= MAX_ROWS + 1 and epochs[:2] == [1, 5] and epochs[-1] == 1000
    assert curves.table.note == "Every 4th of 1000 epochs, and the last."


def test_captions_say_where_a_curve_begins_and_ends(files: RunFiles, finished: Path) -> None:
    curves = build_train(files)
    lines = logged(finished, "train")
    assert curves is not None
    first, last = lines[0]["accuracy"], lines[-1]["accuracy"]
    assert f"Training: from {100 * first:.2f} % to {100 * last:.2f} %." in curves.charts[1].caption


def test_nothing_logged(tmp_path: Path) -> None:
    files = read_run(make_run(tmp_path, done=()))
    assert build_search(files) is None and build_train(files) is None
