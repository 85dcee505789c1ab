"""Enumeration against a plain loop, and both selectors by one contract."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
import torch

from tests.goals.cases import every_path, layout, problem, survey_seeds
from tests.goals.test_problem import judged, usual
from wattnas.goals import SELECTORS, Selection, SelectionProblem, enumerate_all, select
from wattnas.goals.select import Method

module = import_module("wattnas.goals.select")  # the package has a function of that name
LOOKS: dict[Method, int] = {"evolution": 2500, "dual": 480}


def bounded(spread: float = 0.2, **changed: Any) -> SelectionProblem:
    """The most accurate network within the latency that a third of all keep."""
    stated = problem(spread=spread)
    limits = {"latency_s": usual(stated, "latency_s", 0.35)}
    return replace(stated, **({"goal": None, "bounds": limits} | changed))


def result(stated: SelectionProblem, found: Selection) -> tuple[float, float]:
    """(violation, score) by the loop in plain Python."""
    return judged(stated, found.path[None])[0]


@pytest.mark.parametrize("goal", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("minimize", ["energy_j", "memory_bytes"])
def test_enumeration_finds_what_a_plain_loop_finds(minimize: str, goal: float) -> None:
    stated = problem(minimize=minimize, goal=goal)
    best = min(judged(stated, every_path(layout())))
    found = enumerate_all(stated)
    assert result(stated, found) == pytest.approx(best)
    assert found.feasible and found.evaluations == 4096


def test_enumeration_in_pieces_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = enumerate_all(bounded())
    monkeypatch.setattr(module, "_CHUNK", 300)
    assert enumerate_all(bounded()).path.tolist() == whole.path.tolist()


def test_leaving_out_the_best_again_and_again_gives_them_in_order() -> None:
    stated = problem()
    expected = sorted(judged(stated, every_path(layout())))[:5]
    found: list[torch.Tensor] = []
    for _ in expected:
        excluded = torch.stack(found) if found else None
        found.append(enumerate_all(replace(stated, excluded=excluded)).path)
    assert [judged(stated, path[None])[0][1] for path in found] == pytest.approx([s for _, s in expected])


def test_a_space_that_is_small_enough_is_enumerated_whatever_the_method() -> None:
    stated = bounded()
    for method in SELECTORS:
        found = select(stated, survey_seeds(stated, 1), method=method, evaluations=4096, seed=0)
        assert found.path.tolist() == enumerate_all(stated).path.tolist()
        assert (
            select(stated, survey_seeds(stated), method=method, evaluations=480, seed=0).evaluations != 4096
        )


@pytest.mark.parametrize("method", SELECTORS)
class TestContract:
    def find(self, method: Method, stated: SelectionProblem, seed: int = 0) -> Selection:
        return select(stated, survey_seeds(stated), method=method, evaluations=LOOKS[method], seed=seed)

    def test_the_seed_decides(self, method: Method) -> None:
        torch.manual_seed(1)
        before = torch.get_rng_state()
        first = self.find(method, bounded())
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        again = self.find(method, bounded())
        assert first.path.tolist() == again.path.tolist()
        assert (first.violation, first.evaluations) == (again.violation, again.evaluations)

    def test_bounds_hold_for_the_upper_end_of_the_spread(self, method: Method) -> None:
        stated = bounded()
        found = self.find(method, stated)
        path, most = found.path[None], stated.bounds["latency_s"]
        seconds, sigma = (float(c["latency_s"]) for c in (stated.costs.of(path), stated.costs.sigma(path)))
        assert found.feasible and seconds + 1.6448536 * sigma <= most * (1 + 1e-9)
        # Without the spread one that is more accurate would do, so it has been counted.
        careless = replace(stated, costs=replace(stated.costs, spreads=()))
        assert result(careless, enumerate_all(careless))[1] < result(stated, enumerate_all(stated))[1]

    def test_what_is_excluded_is_never_returned(self, method: Method) -> None:
        stated = problem()
        first = enumerate_all(stated).path
        near = torch.stack([first, *(torch.where(torch.arange(6) == at, 3, first) for at in range(6))])
        found = self.find(method, replace(stated, excluded=near))
        assert found.feasible and found.path.tolist() not in near.tolist()

    def test_seeds_that_are_excluded_do_no_harm(self, method: Method) -> None:
        stated = problem()
        seeds = survey_seeds(stated)
        found = self.find(method, replace(stated, excluded=seeds))
        assert found.feasible and found.path.tolist() not in seeds.tolist()

    def test_what_cannot_be_met_is_said(self, method: Method) -> None:
        stated = bounded(goal=0.98, bounds={"latency_s": usual(problem(), "latency_s", 0.02)})
        found = self.find(method, stated)
        assert not found.feasible and not enumerate_all(stated).feasible
        assert found.violation == pytest.approx(result(stated, found)[0], rel=1e-6) and found.violation > 0
        assert math.isfinite(found.violation)

    def test_it_is_never_worse_than_its_seeds(self, method: Method) -> None:
        for stated in (problem(), bounded(), problem(goal=0.95)):
            optimum = enumerate_all(stated)
            seeds = torch.cat([survey_seeds(stated, 5), optimum.path[None]])
            found = select(stated, seeds, method=method, evaluations=120, seed=1)
            assert result(stated, found) == pytest.approx(result(stated, optimum))

    def test_it_looks_about_as_often_as_it_was_told(self, method: Method) -> None:
        looks = LOOKS[method]
        assert self.find(method, problem()).evaluations <= looks + 24 + 9 * 15 * 16
