"""What the goal benchmark says of a row: its rival, and whether the bars are met."""

from __future__ import annotations

from typing import Any

import pytest

from goal_published import halve
from goal_tables import judge, judge_methods


def _published(name: str, accuracy: float, energy_j: float, epochs: int = 8) -> dict[str, Any]:
    return {"name": name, "accuracy": accuracy, "energy_j": energy_j, "epochs": epochs}


def _row(goal: float, accuracy: float, energy_j: float, epochs: int = 8) -> dict[str, Any]:
    return {"goal": goal, "accuracy": accuracy, "energy_j": energy_j, "epochs": epochs, "seconds": {}}


PUBLISHED = [
    _published("S1-L35", 0.576, 0.45),
    _published("S1-L50", 0.762, 1.07),
    _published("S1-L100", 0.814, 3.46),
    _published("S1-L50", 0.81, 1.07, 32),
]


@pytest.mark.parametrize(
    ("row", "rival", "ratio", "saving_met"),
    [
        (_row(0.5, 0.51, 0.045), "S1-L35", 0.1, True),
        (_row(0.6, 0.61, 0.321), "S1-L50", 0.3, False),
        (_row(0.8, 0.81, 1.73), "S1-L100", 0.5, True),
        # None of as many epochs meets it: S1-L100 counts, though others are cheaper.
        (_row(0.85, 0.86, 6.92), "S1-L100", 2.0, False),
        # Trained for longer itself, it is compared with what was trained as long.
        (_row(0.8, 0.81, 1.07, 32), "S1-L50", 1.0, False),
    ],
)
def test_the_rival_is_the_cheapest_that_meets_the_goal_with_as_many_epochs(
    row: dict[str, Any], rival: str, ratio: float, saving_met: bool
) -> None:
    (judged,) = judge([row], PUBLISHED, "energy_j")
    assert judged["rival"] == rival
    assert judged["ratio"] == pytest.approx(ratio, rel=1e-3)
    assert judged["saving_met"] is saving_met


def test_no_rival_of_that_length_is_no_verdict() -> None:
    (judged,) = judge([_row(0.85, 0.86, 5.0, 32)], PUBLISHED, "energy_j")
    assert (judged["rival"], judged["ratio"], judged["saving_met"]) == (None, None, None)


@pytest.mark.parametrize(
    ("accuracy", "met", "within"), [(0.4998, False, False), (0.5, True, True), (0.54, True, False)]
)
def test_a_goal_is_just_met_from_itself_to_three_points_above(
    accuracy: float, met: bool, within: bool
) -> None:
    (judged,) = judge([_row(0.5, accuracy, 0.02)], PUBLISHED, "energy_j")
    assert (judged["met"], judged["within"]) == (met, within)


def test_other_methods_stand_beside_the_row_of_their_goal() -> None:
    rows = [{"method": "s1", **_row(goal, 0.75, 2.5)} for goal in (0.6, 0.85)]
    first, second = judge_methods(rows, [_row(0.6, 0.61, 0.05)])
    assert first["ratio"] == pytest.approx(0.02) and first["met"]
    assert second["ratio"] is None and not second["met"]


@pytest.mark.parametrize("able", range(7))
def test_halving_finds_the_first_that_meets_the_goal_and_asks_few(able: int) -> None:
    names = [str(place) for place in range(6)]
    asked = halve(names, lambda name: int(name) >= able)
    assert asked is not None and len(asked) <= 3
    # Who is the first is known: it was asked, and so was the one before it.
    assert able == 6 or str(able) in asked
    assert able == 0 or str(able - 1) in asked


def test_halving_tells_nothing_where_time_is_up() -> None:
    assert halve(["a", "b", "c"], lambda name: None) is None
