"""Gain against cost, layer by layer: exact where all is a sum."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator, Tensor

from tests.goals.cases import every_path, layout, problem, survey_seeds
from tests.goals.test_problem import judged, usual
from wattnas.goals.marginal import marginal_paths


def drawn(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def linear(around: Tensor) -> tuple[list[float], list[float]]:
    """(gain, joules) of every architecture, were its accuracy the sum of its slopes at `around`."""
    stated = problem()
    gates = stated.inherited.shape.gates(around[None]).requires_grad_(True)
    stated.lower_logit(stated.features(gates)).sum().backward()  # type: ignore[no-untyped-call]
    assert gates.grad is not None
    slope, paths = gates.grad[0], every_path(layout())
    return slope.gather(1, paths.t()).sum(0).tolist(), stated.costs.of(paths)["energy_j"].tolist()


def test_no_architecture_gains_more_for_less_by_the_same_slopes() -> None:
    """Everett's theorem, against all 4,096."""
    stated = problem()
    around = survey_seeds(stated)[0]
    gains, joules = linear(around)
    numbers = [
        sum(column * 4 ** (5 - at) for at, column in enumerate(path))
        for path in marginal_paths(stated, around, 40, drawn()).tolist()
    ]
    assert len(set(numbers)) > 5
    for number in set(numbers):
        better = [
            other
            for other in range(4096)
            if gains[other] > gains[number] + 1e-9 and joules[other] < joules[number] * (1 - 1e-9)
        ]
        assert better == []


def test_they_go_from_the_cheapest_to_the_most_accurate() -> None:
    stated = problem()
    around = survey_seeds(stated)[1]
    gains, joules = linear(around)
    paths = marginal_paths(stated, around, 60, drawn())
    costs = stated.costs.of(paths)["energy_j"].tolist()
    assert costs == sorted(costs) and costs[0] == pytest.approx(min(joules))
    last = int((paths[-1] * 4 ** torch.arange(5, -1, -1)).sum())
    assert gains[last] == pytest.approx(max(gains))


def test_without_a_goal_and_bounds_only_the_gain_counts() -> None:
    stated = problem(goal=None)
    around = survey_seeds(stated)[2]
    gains, _ = linear(around)
    paths = marginal_paths(stated, around, 3, drawn())
    assert paths.tolist() == [paths[0].tolist()] * 3
    number = int((paths[0] * 4 ** torch.arange(5, -1, -1)).sum())
    assert gains[number] == pytest.approx(max(gains))


def test_bounds_bring_architectures_that_keep_them() -> None:
    limit = usual(problem(), "latency_s", 0.1)
    stated = problem(goal=None, bounds={"latency_s": limit})
    around = survey_seeds(stated)[0]
    free, bound = (
        marginal_paths(replace(stated, bounds=bounds), around, 128, drawn()) for bounds in ({}, stated.bounds)
    )
    kept = [sum(v == 0 for v, _ in judged(stated, paths)) for paths in (free, bound)]
    assert kept[0] == 0 and 20 < kept[1] < 128


def test_the_generator_decides() -> None:
    stated = problem(bounds={"latency_s": 1e-4})
    around = survey_seeds(stated)[0]
    first, again, other = (marginal_paths(stated, around, 64, drawn(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
