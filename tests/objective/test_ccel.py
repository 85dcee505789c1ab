from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.objective.conformance import ObjectiveContract, gradients, make_terms, scalar
from wattnas.objective import CCEL
from wattnas.objective.ccel import conditional_cross_entropy


def ccel(ce: float, acc: float, g: float) -> float:
    """The printed formula."""
    return ce - (acc / g) * ce if acc < g else 0.0


class TestCCEL(ObjectiveContract):
    objective = CCEL(0.8)
    costs = ()

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ccel(ce, acc, 0.8)


class TestCCELAtGoalOne(ObjectiveContract):
    objective = CCEL(1.0)
    costs = ()

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ccel(ce, acc, 1.0)


def test_worked_by_hand() -> None:
    """acc 0.6 of g 0.8 leaves a quarter of 2 nats; its slope is that quarter."""
    loss = CCEL(0.8)(make_terms((2.0, 0.6, 1e-3, 1.0)))
    assert loss.total.item() == pytest.approx(0.5)
    assert gradients(loss)[0] == pytest.approx(0.25)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("right", "batch", "goal"), [(4, 5, 0.8), (13, 20, 0.65), (28, 32, 0.875), (7, 10, 0.7), (1, 1, 1.0)]
)
def test_nothing_left_exactly_at_the_goal(dtype: torch.dtype, right: int, batch: int, goal: float) -> None:
    accuracy = torch.tensor(right, dtype=dtype) / batch
    loss = conditional_cross_entropy(torch.tensor(3.0, dtype=dtype, requires_grad=True), accuracy, goal)
    assert loss.item() == 0


@given(st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 10))
def test_gradient_fades_towards_the_goal(g: float, acc: float, ce: float) -> None:
    x = scalar(ce)
    conditional_cross_entropy(x, torch.tensor(acc, dtype=torch.float64), g).backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(max(0.0, 1 - acc / g), abs=1e-12)


@pytest.mark.parametrize(("ce", "acc"), [(math.nan, 0.1), (math.nan, 0.9), (1.0, math.nan)])
def test_nan_comes_out_as_nan(ce: float, acc: float) -> None:
    assert conditional_cross_entropy(torch.tensor(ce), torch.tensor(acc), 0.5).isnan()


def test_half_precision_cross_entropy_with_a_whole_number_accuracy() -> None:
    loss = conditional_cross_entropy(torch.tensor(2.0, dtype=torch.bfloat16), torch.tensor(0), 0.5)
    assert (loss.dtype, loss.item()) == (torch.bfloat16, 2.0)
