"""Advice on the simulated truth: neighbours on the right side, prices of the right sign, what to relax."""

from __future__ import annotations

import pytest

from tests.goals.cases import FakeBench, Truth, costs_of, layout, loop, problem, wish
from tests.goals.test_problem import usual
from wattnas.goals import Advice, Adviser, Neighbour, Wish, path_of


def advise(wished: Wish, seed: int = 0, level: float = -0.5) -> tuple[FakeBench, Advice]:
    made = FakeBench(layout(), Truth.of(layout(), seed, level=level), seed)
    run = loop(made, wished)
    outcome = run.run()
    return made, Adviser(run.picker, run.picker.knowledge()).advise(outcome.record, reached=outcome.reached)


def true(made: FakeBench, neighbour: Neighbour) -> float:
    return float(made.truth.accuracies(path_of(neighbour.operations, made.shapes)[None]))


@pytest.mark.parametrize("minimize", ["energy_j", "latency_s"])
@pytest.mark.parametrize("seed", range(2))
def test_cheaper_is_cheaper_and_better_is_better(seed: int, minimize: str) -> None:
    made, advice = advise(wish(0.75, minimize=minimize, seed=seed), seed)
    assert advice.cheaper is not None and advice.better is not None and advice.minimize == minimize
    costs = [entry.costs[minimize] for entry in (advice.cheaper, advice.chosen, advice.better)]
    assert costs == sorted(costs) and len(set(costs)) == 3
    assert advice.cheaper.accuracy < advice.chosen.accuracy < advice.better.accuracy
    assert true(made, advice.cheaper) < true(made, advice.better)
    assert advice.per_point[minimize] > 0
    assert advice.relax == ()


def test_costs_are_those_of_the_named_architecture() -> None:
    made, advice = advise(wish(0.75))
    costs = costs_of(made.shapes)
    for entry in (advice.chosen, *advice.front):
        expected = costs.of(path_of(entry.operations, made.shapes)[None])
        assert entry.costs == {name: float(value[0]) for name, value in expected.items()}
    assert (
        advice.chosen.accuracy == {r.operations: r.accuracy for r in made.records}[advice.chosen.operations]
    )


def test_a_point_costs_the_slope_between_the_neighbours() -> None:
    _, advice = advise(wish(0.75))
    assert advice.cheaper is not None and advice.better is not None
    points = 100 * (advice.better.accuracy - advice.cheaper.accuracy)
    for name in ("energy_j", "latency_s"):
        more = advice.better.costs[name] - advice.cheaper.costs[name]
        assert advice.per_point[name] == pytest.approx(more / points)


def test_on_the_front_more_accuracy_costs_more() -> None:
    _, advice = advise(wish(0.75))
    front = sorted(advice.front, key=lambda entry: entry.accuracy)
    joules = [entry.costs["energy_j"] for entry in front]
    assert len(front) >= 5 and joules == sorted(joules)


def test_a_goal_out_of_reach_names_what_can_be_reached() -> None:
    _, advice = advise(wish(0.9, bounds={"params": usual(problem(), "params", 0.02)}))
    goal, params = advice.relax
    assert (goal.name, goal.asked) == ("goal_accuracy", 0.9)
    assert goal.needed is not None and goal.needed < 0.9
    assert params.name == "params" and params.needed is not None and params.needed > params.asked
    # With that many parameters there are architectures that truly reach the goal.
    assert params.needed < usual(problem(), "params", 0.95)


def test_where_one_bound_alone_is_no_help_it_says_so() -> None:
    tight = {name: usual(problem(), name, 0.02) for name in ("params", "latency_s")}
    _, advice = advise(wish(0.93, bounds=tight))
    assert [entry.name for entry in advice.relax] == ["goal_accuracy", *tight]
    assert all(entry.needed is None for entry in advice.relax[1:])


def test_advice_survives_its_file() -> None:
    _, advice = advise(wish(0.9, bounds={"params": usual(problem(), "params", 0.02)}))
    assert Advice.model_validate_json(advice.model_dump_json(indent=1)) == advice
