"""The verdict and the key figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.fake_run import S1_L80, make_run
from tests.report.test_read import edit
from wattnas.report.answer import Answer, build_answer
from wattnas.report.read import RunFiles, read_run
from wattnas.units import format_joules


def answer(path: Path) -> Answer:
    """The answer of the run in `path`."""
    return build_answer(read_run(path))


# 65 % of 5,000 images are 3,250; the Wilson interval there reaches 1.3 points, or 66 images, to each side.
@pytest.mark.parametrize(
    ("correct", "headline", "tone", "verdict"),
    [
        (3400, "Goal met", "good", "whole 95 % interval reaches the goal"),
        (3250, "Goal narrowly met", "good", "others could fall short"),
        (3249, "Goal narrowly not met", "bad", "others could reach it"),
        (3100, "Goal not met", "bad", "whole 95 % interval lies below"),
    ],
)
def test_the_verdict_says_how_sure_it_is(
    tmp_path: Path, correct: int, headline: str, tone: str, verdict: str
) -> None:
    found = answer(make_run(tmp_path, correct=correct))
    assert (found.headline, found.tone) == (headline, tone)
    asked, reached, sure, *rest = found.sentences
    assert ["it can still learn" in sentence for sentence in rest] == [True] * (tone == "bad")
    assert "65 %" in asked
    assert f"{correct:,} of 5,000 test images" in reached and f"{correct / 50:.2f} %" in reached
    assert verdict in sure


def test_without_a_goal_there_is_no_verdict(tmp_path: Path) -> None:
    found = answer(make_run(tmp_path, goal=None))
    assert found.headline == "Verified; no goal was set" and found.tone == "open"
    assert len(found.sentences) == 1


def test_the_key_figures_are_those_of_the_files(tmp_path: Path) -> None:
    path = make_run(tmp_path, operations=S1_L80)
    figures = {figure.name: figure for figure in answer(path).figures}
    costs = json.loads((path / "costs.json").read_text())
    verified = json.loads((path / "verification.json").read_text())
    assert figures["Accuracy"].number.value == verified["accuracy"]["accuracy"]
    assert figures["Latency, this machine"].number.value == verified["latency"]["value"]
    assert figures["Latency, ozawa-2021"].number.value == costs["latency_s"]
    assert figures["Energy, ozawa-2021"].number.text == format_joules(costs["energy_j"])
    assert figures["Energy, ozawa-2021"].number.value == pytest.approx(2.313, abs=5e-4)  # as published
    assert figures["Parameters"].number.value == pytest.approx(297_900, abs=50)  # 0.2979 M, as published
    assert figures["MACs"].number.value == costs["macs"]
    assert figures["Memory, peak"].number.value == costs["memory_bytes"]["value"]
    assert figures["File size"].number.value == (path / "model.onnx").stat().st_size


def test_every_figure_has_an_origin_and_a_source(files: RunFiles) -> None:
    found = build_answer(files)
    assert len(found.figures) == 8 and not found.missing
    assert all(figure.origin and figure.source for figure in found.figures)
    origins = {figure.name: figure.origin for figure in found.figures}
    assert origins["Accuracy"] == origins["Latency, this machine"] == "measured"
    assert origins["Latency, ozawa-2021"] == "predicted"
    intervals = {figure.name: figure.interval for figure in found.figures}
    assert intervals["Latency, this machine"] == "2.299 ms to 2.339 ms"
    assert intervals["Energy, ozawa-2021"] == ""


def test_an_unfinished_run_says_what_is_missing(tmp_path: Path) -> None:
    found = answer(make_run(tmp_path, done=("search",)))
    assert found.headline == "Not finished: nothing is verified yet"
    assert "Done so far: search. Missing: train, export, verify." in found.sentences[1]
    assert found.missing == ("Accuracy", "File size")


def test_a_run_that_just_began_knows_nothing(tmp_path: Path) -> None:
    found = answer(make_run(tmp_path, done=()))
    assert found.figures == () and len(found.missing) == 7


def test_another_model_than_the_verified_one_is_pointed_out(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    assert not answer(path).cautions
    (path / "model.onnx").write_bytes(b"another")
    assert "not the file that was verified" in answer(path).cautions[0]


def test_disagreements_and_warnings_are_pointed_out(tmp_path: Path) -> None:
    path = make_run(tmp_path, warnings=("one", "two"))
    edit(path / "verification.json", "parity", "disagreements", value=1)
    found = answer(path).cautions
    assert "different classes on 1 image." in found[0] and "2 warnings" in found[1]


def test_the_goal_that_was_judged_is_the_one_shown(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    edit(path / "run.json", "settings", "goal_accuracy", value=0.9)
    assert "65 %" in answer(path).sentences[0]
