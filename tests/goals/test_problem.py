"""How architectures are judged, against loops in plain Python."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.goals.cases import every_path, layout, problem
from wattnas.goals import SelectionProblem
from wattnas.goals.problem import best_of, goal_logit, order


def judged(stated: SelectionProblem, paths: Tensor) -> list[tuple[float, float]]:
    """(violation, score) of each, from cells of the tables and means of the models."""
    features = stated.features(stated.inherited.shape.gates(paths))
    means, sigmas = (found.tolist() for found in stated.accuracy.predict(features))
    params = stated.costs.of(paths)
    spreads = stated.costs.sigma(paths)
    excluded = [] if stated.excluded is None else stated.excluded.tolist()
    found = []
    for number, path in enumerate(paths.tolist()):
        costs = {
            name: sum(float(table[layer][column]) for layer, column in enumerate(path))
            + stated.costs.fixed[name]
            for name, table in stated.costs.tables.items()
        }
        costs["memory_bytes"] = float(params["memory_bytes"][number])
        lower = means[number] - NormalDist().inv_cdf(stated.confidence) * sigmas[number]
        violation = 0.0
        if stated.goal is not None:
            violation += max(0.0, math.log(stated.goal / (1 - stated.goal)) - lower)
        for name, bound in stated.bounds.items():
            sigma = float(spreads[name][number]) if name in spreads else 0.0
            violation += max(0.0, (costs[name] + 1.6448536 * sigma) / bound - 1)
        if path in excluded:
            violation = math.inf
        found.append((violation, -lower if stated.goal is None else costs[stated.minimize]))
    return found


def usual(stated: SelectionProblem, name: str, share: float) -> float:
    """The cost that so large a share of all architectures keeps."""
    return float(stated.costs.of(every_path(layout()))[name].quantile(share))


def some(count: int = 60) -> Tensor:
    paths = every_path(layout())
    return paths[torch.randperm(len(paths), generator=torch.Generator().manual_seed(0))[:count]]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"minimize": "latency_s", "goal": 0.9, "confidence": 0.5},
        {"minimize": "memory_bytes", "confidence": 0.95},
        {"bounds": {"latency_s": 0.3, "energy_j": 0.4}},
        {"goal": None, "bounds": {"params": 0.2, "memory_bytes": 0.3}},
        {"goal": 0.6, "bounds": {"macs": 0.4}, "minimize": "params"},
    ],
    ids=str,
)
def test_every_architecture_is_judged_as_by_hand(changed: dict[str, Any]) -> None:
    """Bounds are given as the share of architectures that keep them."""
    stated = problem(spread=0.2)
    bounds = {name: usual(stated, name, share) for name, share in changed.get("bounds", {}).items()}
    stated = replace(stated, **(changed | {"bounds": bounds}))
    paths = some()
    violation, score = stated.judge(paths)
    expected = judged(stated, paths)
    assert violation.tolist() == pytest.approx([v for v, _ in expected], rel=1e-6, abs=1e-9)
    assert score.tolist() == pytest.approx([s for _, s in expected], rel=1e-9)
    assert 0 < int((violation == 0).sum()) < len(paths)


def test_what_is_excluded_is_worse_than_all_else() -> None:
    paths = some()
    stated = problem(excluded=paths[3:5])
    violation, _ = stated.judge(paths)
    assert [number for number, value in enumerate(violation.tolist()) if math.isinf(value)] == [3, 4]
    nothing = replace(stated, excluded=paths[:0])
    assert bool(nothing.judge(paths)[0].isfinite().all())


def test_a_goal_of_one_is_asked_for_as_four_nines() -> None:
    assert goal_logit(0.5) == 0.0
    assert goal_logit(0.8) == pytest.approx(math.log(4))
    assert goal_logit(1.0) == goal_logit(0.99995) == pytest.approx(math.log(9999))


@pytest.mark.parametrize(("confidence", "z"), [(0.5, 0.0), (0.8413447, 1.0), (0.975, 1.959964)])
def test_the_confidence_says_how_many_deviations(confidence: float, z: float) -> None:
    assert problem(confidence=confidence).z == pytest.approx(z, abs=1e-6)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 2.0, math.inf]), st.sampled_from([1.0, 2.0, 3.0])), min_size=1
    )
)
def test_the_least_violation_comes_first_then_the_least_score_then_the_first(
    entries: list[tuple[float, float]],
) -> None:
    violation, score = (torch.tensor(column, dtype=torch.float64) for column in zip(*entries, strict=True))
    expected = sorted(range(len(entries)), key=lambda place: (*entries[place], place))
    assert order(violation, score).tolist() == expected


def test_the_best_of_some_is_the_first_of_that_order() -> None:
    stated, paths = problem(), some()
    found = best_of(stated, paths, 17)
    violation, score = min(judged(stated, paths))
    assert (found.feasible, found.violation, found.evaluations) == (True, 0.0, 17) and violation == 0.0
    assert float(stated.judge(found.path[None])[1]) == pytest.approx(score)


def test_where_none_does_the_best_is_the_one_that_misses_least() -> None:
    stated, paths = problem(goal=0.9999, confidence=0.99), some()
    found = best_of(stated, paths, 60)
    assert not found.feasible
    assert found.violation == pytest.approx(min(judged(stated, paths))[0], rel=1e-6) and found.violation > 0
