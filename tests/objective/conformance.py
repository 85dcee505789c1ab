"""What every objective has to hold to: a test class of each inherits `ObjectiveContract`."""

from __future__ import annotations

import json
import math
from typing import ClassVar

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from wattnas.errors import NumericError
from wattnas.objective import Loss, Objective, Terms, check_finite, make_objective

cross_entropies = st.floats(0, 20)
accuracies = st.floats(0, 1)
latencies_s = st.sampled_from([0.0, 1e-9, 5e-7, 1e-6, 1.001e-6]) | st.floats(0, 10)
energies_j = st.sampled_from([0.0, 1e-9, 5e-4, 1e-3, 1.001e-3]) | st.floats(0, 1000)

# Derandomised tests have no example database, so that several classes may share one inherited test.
inherited = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.differing_executors])

# Where every formula is smooth: costs above the zone in which slopes are held, accuracy off the goal.
smooth = st.tuples(st.floats(0.01, 20), st.floats(0, 1), st.floats(2e-6, 1), st.floats(2e-3, 100))


def make_terms(values: tuple[float, float, float, float], dtype: torch.dtype = torch.float64) -> Terms:
    """Terms from (cross entropy, accuracy, seconds, joules), each a leaf that asks for its gradient."""
    return Terms(*(torch.tensor(value, dtype=dtype, requires_grad=True) for value in values))


def gradients(loss: Loss) -> tuple[float, float, float]:
    """Derivatives of the loss by cross entropy, latency and energy; 0 where it does not depend on one."""
    terms = loss.terms
    inputs = (terms.cross_entropy, terms.latency_s, terms.energy_j)
    found = torch.autograd.grad(loss.total, inputs, allow_unused=True)
    slopes = [0.0 if slope is None else slope.item() for slope in found]
    return slopes[0], slopes[1], slopes[2]


class ObjectiveContract:
    """Tests that an objective inherits.

    Attributes:
        objective: the one under test.
        costs: which of latency and energy its formula has.
    """

    objective: ClassVar[Objective]
    costs: ClassVar[tuple[str, ...]] = ("latency", "energy")

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        """Its formula in plain Python, for costs above one unit."""
        raise NotImplementedError

    @given(smooth)
    @settings(inherited, max_examples=40)
    def test_is_its_formula(self, values: tuple[float, float, float, float]) -> None:
        expected = self.reference(*values)
        assert self.objective(make_terms(values)).total.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)

    @given(smooth)
    @settings(inherited, max_examples=40)
    def test_gradients_are_finite_differences(self, values: tuple[float, float, float, float]) -> None:
        exact = gradients(self.objective(make_terms(values)))
        for position, slope in zip((0, 2, 3), exact, strict=True):
            step = 1e-6 * values[position]
            up, down = list(values), list(values)
            up[position], down[position] = up[position] + step, down[position] - step
            rise = self._total(up) - self._total(down)
            # Absolute: two losses of size L that differ by less than their rounding, 1e-15 L, give no slope.
            rounding = 1e-14 * max(1.0, abs(self._total(up))) / step
            assert rise / (2 * step) == pytest.approx(slope, rel=1e-6, abs=rounding)

    def _total(self, values: list[float]) -> float:
        return self.objective(make_terms((values[0], values[1], values[2], values[3]))).total.item()

    @given(
        cross_entropies, accuracies, latencies_s, energies_j, st.sampled_from([torch.float32, torch.float64])
    )
    @settings(inherited, max_examples=150)
    def test_scalar_finite_and_never_rewards_cost(
        self, ce: float, acc: float, latency_s: float, energy_j: float, dtype: torch.dtype
    ) -> None:
        loss = self.objective(make_terms((ce, acc, latency_s, energy_j), dtype))
        check_finite(loss, "here")
        assert loss.total.shape == ()
        assert loss.total.item() >= 0
        for slope in gradients(loss):
            assert math.isfinite(slope)
            assert slope >= 0

    @given(
        cross_entropies, accuracies, st.tuples(latencies_s, latencies_s), st.tuples(energies_j, energies_j)
    )
    @settings(inherited, max_examples=100)
    def test_more_cost_or_error_is_never_better(
        self, ce: float, acc: float, latencies: tuple[float, float], energies: tuple[float, float]
    ) -> None:
        base = self._total([ce, acc, min(latencies), min(energies)])
        slack = 1e-12 * (1 + base)
        assert self._total([ce, acc, max(latencies), min(energies)]) >= base - slack
        assert self._total([ce, acc, min(latencies), max(energies)]) >= base - slack
        assert self._total([ce + 1, acc, min(latencies), min(energies)]) >= base - slack
        assert self._total([ce, min(1.0, acc + 0.1), min(latencies), min(energies)]) <= base + slack

    @pytest.mark.parametrize("units", [0.0, 1e-3, 0.5, 0.999999, 1.0, 1.000001, 1.005, 2.0, 1e4])
    def test_lower_cost_is_asked_for_at_every_size(self, units: float) -> None:
        _, by_latency, by_energy = gradients(
            self.objective(make_terms((1.0, 0.1, units * 1e-6, units * 1e-3)))
        )
        assert (by_latency > 0) == ("latency" in self.costs)
        assert (by_energy > 0) == ("energy" in self.costs)

    def test_accuracy_is_a_constant(self) -> None:
        terms = make_terms((1.0, 0.2, 1e-3, 1.0))
        self.objective(terms).total.backward()  # type: ignore[no-untyped-call]
        assert terms.accuracy.grad is None
        assert terms.cross_entropy.grad is not None

    def test_goes_backward_where_the_batch_has_reached_every_goal(self) -> None:
        self.objective(make_terms((1.0, 1.0, 1e-3, 1.0))).total.backward()  # type: ignore[no-untyped-call]

    def test_parts_of_missing_costs_are_zero(self) -> None:
        loss = self.objective(make_terms((1.0, 0.2, 1e-3, 1.0)))
        assert (loss.latency.item() != 0) == ("latency" in self.costs)
        assert (loss.energy.item() != 0) == ("energy" in self.costs)

    def test_named_parts_are_cut_off_from_the_graph(self) -> None:
        loss = self.objective(make_terms((1.0, 0.2, 1e-3, 1.0)))
        named = loss.named()
        assert set(named) == {"loss", "classification_term", "latency_term", "energy_term"}
        assert not any(part.requires_grad for part in named.values())
        assert torch.equal(named["loss"], loss.total.detach())

    def test_settings_are_json_and_make_it_again(self) -> None:
        stored = json.loads(json.dumps(self.objective.settings(), allow_nan=False))
        method, goal = stored.pop("method"), stored.pop("goal")
        assert make_objective(method, goal, **stored) == self.objective

    def test_is_pure(self) -> None:
        values = (1.3, 0.2, 1e-3, 1.0)
        first, second = self.objective(make_terms(values)), self.objective(make_terms(values))
        assert torch.equal(first.total, second.total)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @pytest.mark.parametrize("position", range(4))
    @pytest.mark.parametrize("accuracy", [0.1, 1.0])
    def test_what_is_not_finite_is_stopped(self, bad: float, position: int, accuracy: float) -> None:
        values = [1.0, accuracy, 1e-3, 1.0]
        values[position] = bad
        terms = make_terms((values[0], values[1], values[2], values[3]))
        name = ("cross entropy", "accuracy", "expected latency", "expected energy")[position]
        with pytest.raises(NumericError, match=f"^search, epoch 3, step 17: {name} is {bad}"):
            check_finite(self.objective(terms), "search, epoch 3, step 17")


def scalar(value: float) -> Tensor:
    """A float64 scalar that asks for its gradient."""
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)
