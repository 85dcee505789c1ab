"""What `--json` says of an outcome, and the advice in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builds import Built, opened
from wattnas.goals import Advice, Neighbour, Relaxation
from wattnas.pipeline import build as module
from wattnas.pipeline.summary import sentences, summarise
from wattnas.rundir import RunDir


def neighbour(accuracy: float, joules: float) -> Neighbour:
    costs = {"energy_j": joules, "latency_s": 0.002, "params": 1e5, "macs": 1e6, "memory_bytes": 2e5}
    return Neighbour(operations=("skip",), accuracy=accuracy, costs=costs)


def advice(*relax: Relaxation) -> Advice:
    return Advice(
        minimize="energy_j",
        chosen=neighbour(0.7, 0.2),
        per_point={"energy_j": 0.05, "latency_s": 0.001},
        cheaper=neighbour(0.68, 0.1),
        better=neighbour(0.72, 0.3),
        front=(),
        relax=relax,
    )


def test_a_wish_that_was_met_is_told_what_a_point_costs() -> None:
    assert sentences(advice(), met=True, kept=True) == [
        "One point more of accuracy costs about 50 mJ and 1 ms here (predicted).",
        "Next cheaper network: about 68.0% at 100 mJ (predicted).",
        "Next better network: about 72.0% at 300 mJ (predicted).",
    ]


def test_what_a_neighbour_is_expected_to_be_after_is_said() -> None:
    long = advice().model_copy(update={"epochs": 32})
    assert sentences(long, met=True, kept=True)[1:] == [
        "Next cheaper network: about 68.0% at 100 mJ (predicted, after 32 epochs).",
        "Next better network: about 72.0% at 300 mJ (predicted, after 32 epochs).",
    ]


def test_a_wish_that_was_missed_is_told_first_what_to_relax() -> None:
    told = sentences(
        advice(
            Relaxation(name="goal_accuracy", asked=0.9, needed=0.75),
            Relaxation(name="latency_s", asked=0.001, needed=0.004),
            Relaxation(name="params", asked=1000.0, needed=None),
        ),
        met=False,
        kept=True,
        remedy=["Train longer."],
    )
    assert told[:4] == [
        "Out of reach here: 90.0%. The best to expect is about 75.0% (predicted).",
        "With latency_s up to 4 ms instead of 1 ms the rest should be possible (predicted).",
        "Relaxing params alone is not expected to help.",
        "Train longer.",
    ]
    assert len(told) == 7


def test_what_was_trained_counts_where_nothing_better_is_expected() -> None:
    for needed in (None, 0.6):
        told = sentences(
            advice(Relaxation(name="goal_accuracy", asked=0.9, needed=needed)), met=False, kept=True
        )
        assert "about 70.0%" in told[0]


def test_a_network_that_breaks_a_bound_is_no_best_to_expect() -> None:
    for needed, best in ((0.6, " The best to expect is about 60.0% (predicted)."), (None, "")):
        asked = advice(Relaxation(name="goal_accuracy", asked=0.9, needed=needed))
        assert sentences(asked, met=False, kept=False)[0] == f"Out of reach here: 90.0%.{best}"


def test_little_to_say_is_said_in_few_words() -> None:
    alone = advice().model_copy(update={"cheaper": None, "better": None, "per_point": {}})
    assert sentences(alone, met=True, kept=True) == []


def test_a_build_without_the_loop_has_its_stages_seconds(built: Built) -> None:
    found = summarise(built.path, module.outcome(opened(built.path)))
    stages = RunDir(built.path).load()["stages"]
    assert found["seconds"] == {name: stage["wall_s"] for name, stage in stages.items()}
    assert (found["advice"], found["reason"], found["bounds"]) == ([], "", {})


@pytest.mark.parametrize(("share", "kept"), [(1.001, True), (0.999, False)])
def test_a_bound_that_is_broken_is_not_met_whatever_the_accuracy(
    copied: Path, share: float, kept: bool
) -> None:
    outcome = module.outcome(opened(copied))
    assert outcome.verification.goal_met
    run = RunDir(copied)
    run.load()
    run.manifest["settings"]["bounds"] = {"latency_s": outcome.costs.latency_s * share, "params": None}
    run.save()
    found = summarise(copied, outcome)
    assert found["bounds"] == {"latency_s": kept} and found["met"] is kept
