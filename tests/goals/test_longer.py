"""Longer trainings in the closed loop: where the goal is out of reach otherwise, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.goals.cases import Cut, FakeBench, Truth, costs_of, every_path, layout, loop, wish
from wattnas.goals import Outcome, path_of
from wattnas.goals.loop import ClosedLoop, _worthwhile
from wattnas.goals.picker import Pick, Picker
from wattnas.sections import SelectSettings, TrainSettings

OUT_OF_REACH = "no architecture is expected to reach the goal within the bounds"


def bench(**changed: object) -> FakeBench:
    """No architecture of the space reaches more than 86 % as usual."""
    shapes = layout()
    stated: dict[str, object] = {"learned": 0.5, "doubling": 0.35} | changed
    truth = Truth.of(shapes, curve=0.8)
    return FakeBench(shapes, replace(truth, gains=0.5 * truth.gains), **stated)  # type: ignore[arg-type]


def most(made: FakeBench) -> float:
    return float(made.truth.accuracies(every_path(made.shapes)).max())


def test_a_goal_out_of_reach_is_met_by_longer_training() -> None:
    made = bench()
    goal = most(made) + 0.04
    outcome = loop(made, wish(goal, rounds=6)).run()
    assert outcome.reached and outcome.record.accuracy >= goal and outcome.record.times > 1
    assert made.lengths[:3] == [1, 1, 1]  # pilots
    assert {entry.times for entry in outcome.rounds if entry.kind == "pilot"} == {1}
    assert outcome.rounds[-1].times > 1 and max(made.lengths) <= 4


def test_without_longer_training_it_stays_out_of_reach() -> None:
    made = bench()
    outcome = loop(made, wish(most(made) + 0.04, rounds=6, longer=1)).run()
    assert not outcome.reached and set(made.lengths) == {1}


def test_what_was_learned_already_is_not_trained_longer() -> None:
    """Hardly an error on training images is left, so more epochs have nothing to teach."""
    made = bench(learned=0.99, doubling=0.0)
    outcome = loop(made, wish(most(made) + 0.06, rounds=6)).run()
    assert not outcome.reached and set(made.lengths) == {1}


def test_where_longer_training_cannot_do_either_it_is_not_tried_for_ever() -> None:
    made = bench()
    outcome = loop(made, wish(0.97, rounds=6)).run()
    assert not outcome.reached and outcome.reason.startswith(OUT_OF_REACH)
    assert outcome.record.accuracy == max(record.accuracy for record in made.records)


@pytest.mark.parametrize("below", [0.08, 0.2])
def test_a_goal_within_reach_is_met_with_the_usual_training(below: float) -> None:
    made = bench()
    for entry in made.survey()[:12]:  # enough to know what the usual training brings
        made.train(path_of(entry.operations, made.shapes))
    outcome = loop(made, wish(most(made) - below, rounds=6)).run()
    assert outcome.reached and set(made.lengths) == {1}


def test_a_network_trained_longer_is_returned_where_it_is_the_cheapest_known() -> None:
    """The next goal is met by the cache, and a cheaper network is looked for among the usual trainings."""
    made = bench()
    high = most(made) + 0.04
    loop(made, wish(high, rounds=6)).run()
    before = len(made.lengths)
    outcome = loop(made, wish(most(made) - 0.35, rounds=6)).run()
    assert outcome.reached and outcome.record.accuracy >= most(made) - 0.35
    assert set(made.lengths[before:]) <= {1}


def finished(made: FakeBench, goal: float) -> tuple[Outcome, ClosedLoop]:
    begun = loop(made, wish(goal, rounds=6))
    return begun.run(), begun


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("place", [3, 4])
def test_a_longer_training_that_was_cut_off_goes_on_with_its_length(place: int, is_late: bool) -> None:
    goal = most(bench()) + 0.04
    undisturbed, _ = finished(bench(), goal)
    made, kept = bench(), list[list[object]]()
    made.cut_at, made.is_late = place, is_late
    cut = loop(made, wish(goal, rounds=6), keep=lambda rounds: kept.append(list(rounds)))
    if place < len(undisturbed.rounds):
        with pytest.raises(Cut):
            cut.run()
    made.cut_at = None
    rounds = kept[-1] if kept else []
    outcome = loop(made, wish(goal, rounds=6), rounds=rounds).run()  # type: ignore[arg-type]
    assert outcome.rounds == undisturbed.rounds and outcome.record.times == undisturbed.record.times


def test_a_longer_training_is_expected_to_bring_more() -> None:
    made = bench()
    picker = loop(made, wish(0.7)).picker
    path = every_path(made.shapes)[7]
    expected = [picker.over(times).judge(path, 0.7, 0.5).predicted.accuracy for times in (1, 2, 4)]
    assert expected == sorted(set(expected))


def test_how_much_it_brings_is_learned() -> None:
    """After one network at both lengths, another one is expected to gain about as much."""
    made = bench(doubling=0.0, noise=0.0, images=100_000)
    picker = loop(made, wish(0.7)).picker
    paths = every_path(made.shapes)[[100, 900, 2000]]
    hoped = _gain(made, picker.knowledge())
    for path in paths:
        made.train(path)
        made.train(path, times=4)
    assert _gain(made, picker.knowledge()) < 0.35 * hoped


def _gain(made: FakeBench, knowledge: object) -> float:
    path = every_path(made.shapes)[3000]
    odds = [knowledge.log_odds(path, made.look(path), times)[0] for times in (1, 4)]  # type: ignore[attr-defined]
    return float(odds[1] - odds[0])


def test_a_pick_weighs_the_work_of_its_training() -> None:
    made = bench()
    picker = loop(made, wish(0.7)).picker
    path = every_path(made.shapes)[7]
    once, twice = (picker.over(times).judge(path, 0.7, 0.5) for times in (1, 2))
    assert twice.work == 2 * once.work == 2 * float(costs_of(made.shapes).of(path[None])["macs"])


def test_what_was_trained_longer_is_not_trained_again_for_less() -> None:
    made = bench()
    picker = loop(made, wish(0.5)).picker
    path = path_of(made.survey()[0].operations, made.shapes)
    made.train(path, times=2)
    assert (picker.over(1)._excluded() == path).all(1).any()
    assert (picker.over(2)._excluded() == path).all(1).any()
    assert not len(picker.over(4)._excluded())


@pytest.mark.parametrize(
    ("longer", "lengths"), [(1, (1,)), (2, (1, 2)), (3, (1, 2)), (4, (1, 2, 4)), (9, (1, 2, 4, 8))]
)
def test_lengths_double(longer: int, lengths: tuple[int, ...]) -> None:
    assert SelectSettings(longer=longer).lengths == lengths


def test_a_stretched_recipe_has_its_milestones_where_they_were() -> None:
    recipe = TrainSettings(epochs=10, schedule="steps", milestones=(4, 8)).stretched(3)
    assert (recipe.epochs, recipe.milestones) == (30, (12, 24))


def test_what_is_trained_longer_is_no_larger_than_what_is_known() -> None:
    made = bench()
    picker = loop(made, wish(0.9)).picker
    made.train(path_of(made.survey()[0].operations, made.shapes))
    usual, longer = (picker.over(times).picks(0.9, 0.5, 0, 1)[0] for times in (1, 4))
    # Looks join the survey, so what is usual moves a little.
    assert usual.macs > 1.1 * picker.usual("macs") >= longer.macs


def plan(picker: Picker, *facts: tuple[float, float, float, int]) -> list[Pick]:
    """Picks with (cost, MACs, chance, times)."""
    path = torch.zeros(6, dtype=torch.int64)
    made = picker.judge(path, 0.7, 0.5)
    return [replace(made, cost=c, macs=m, chance=p, times=t) for c, m, p, t in facts]


@pytest.mark.parametrize(
    ("facts", "taken"),
    [
        # Odds of 0.07, 0.036 and 0.021 for the work: all of them are worth it.
        ([(2.0, 10.0, 0.7), (1.0, 7.0, 0.5), (0.7, 6.0, 0.5)], 4),
        # 0.017 for the last one.
        ([(2.0, 10.0, 0.7), (1.0, 7.0, 0.5), (0.7, 7.5, 0.5)], 2),
        ([(2.0, 10.0, 0.7), (1.0, 15.0, 0.5), (0.7, 7.5, 0.5)], 1),
        # Twice as long is worth its work, but dearer.
        ([(2.0, 10.0, 0.7), (2.1, 7.0, 0.5), (0.7, 8.0, 0.5)], 1),
        ([(26.0, 33.0, 0.45), (7.0, 19.0, 0.5), (4.0, 14.0, 0.5)], 4),
        # Nothing but slight chances.
        ([(2.0, 10.0, 0.05), (1.9, 10.0, 0.06), (1.8, 10.0, 0.09)], 4),
    ],
)
def test_the_cheapest_plan_that_is_worth_its_work_is_taken(
    facts: list[tuple[float, float, float]], taken: int
) -> None:
    picker = loop(bench(), wish(0.9)).picker
    plans = [plan(picker, (*fact, times)) for fact, times in zip(facts, (1, 2, 4), strict=True)]
    assert _worthwhile(plans)[0].times == taken


def test_a_plan_of_two_costs_what_the_one_that_gives_its_chance_costs() -> None:
    """The daring network beside a sure one is the cheapest of all here, and hardly does."""
    picker = loop(bench(), wish(0.9)).picker
    usual = plan(picker, (1.5, 9.0, 0.28, 1), (3.8, 10.0, 0.75, 1))
    longer = plan(picker, (1.7, 6.3, 0.5, 2)), plan(picker, (1.6, 9.0, 0.5, 4))
    assert _worthwhile([usual, *longer])[0].times == 2


def test_below_a_network_trained_longer_the_length_that_is_worth_it_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lower goal afterwards gets no dear network just because that one is trained as usual."""
    made = bench()
    made.train(torch.full((6,), 2), times=4)
    tried = loop(made, wish(made.records[0].accuracy - 0.1))
    usual = tried.picker.usual("macs")
    plans = {1: (2.0, 1.1 * usual, 0.7), 2: (1.9, usual, 0.5), 4: (0.7, 0.7 * usual, 0.5)}
    monkeypatch.setattr(
        tried, "_plan_below", lambda limit, times, least: plan(tried.picker, (*plans[times], times))
    )
    assert [pick.times for pick in tried._plan()] == [4]  # type: ignore[union-attr]
    plans[1] = (2.0, 0.9 * usual, 0.7)
    assert [pick.times for pick in tried._plan()] == [1]  # type: ignore[union-attr]
