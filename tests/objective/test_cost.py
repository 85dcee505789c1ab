from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.objective.conformance import scalar
from wattnas.objective.cost import (
    COST_HELD_BELOW,
    LOG_FORMS,
    LOG_HELD_BELOW,
    LogForm,
    floored_log,
    held_power,
    log_cost,
    log_energy,
    log_latency,
)

exponents = st.sampled_from([0.01, 0.4, 0.5, 0.6, 1.0, 1.5, 2.0, 3.0])


def slope(function: Callable[[Tensor], Tensor], at: float) -> float:
    x = scalar(at)
    function(x).backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    return x.grad.item()


@pytest.mark.parametrize(
    ("x", "value", "gradient"),
    [
        (0.0, 0.0, 1.0),
        (0.3, 0.0, 1.0),
        (1.0, 0.0, 1.0),
        (math.e, 1.0, 1 / math.e),
        (1e6, 6 * math.log(10), 1e-6),
    ],
)
def test_floored_log(x: float, value: float, gradient: float) -> None:
    assert floored_log(scalar(x)).item() == pytest.approx(value)
    assert slope(floored_log, x) == pytest.approx(gradient)


def test_floored_log_keeps_a_negative_cost_at_the_floor_with_its_gradient() -> None:
    assert floored_log(scalar(-5.0)).item() == 0
    assert slope(floored_log, -5.0) == 1


@given(st.floats(1.0, 1e12))
def test_floored_log_is_the_logarithm_from_one_on(x: float) -> None:
    assert floored_log(scalar(x)).item() == math.log(x)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("form", LOG_FORMS)
def test_what_is_not_finite_stays_so(bad: float, form: LogForm) -> None:
    assert not math.isfinite(floored_log(scalar(bad)).item())
    assert not math.isfinite(held_power(scalar(bad), 0.5, 0.01).item())
    assert not math.isfinite(log_cost(scalar(bad), 0.5, form).item())


@given(st.floats(0, 1e6), exponents)
def test_held_power_has_the_value_of_the_power(x: float, exponent: float) -> None:
    assert held_power(scalar(x), exponent, 0.01).item() == pytest.approx(x**exponent, rel=1e-12)


@pytest.mark.parametrize(
    ("exponent", "at", "expected"),
    [
        (0.5, 0.25, 1.0),  # 0.5 / sqrt(0.25)
        (0.5, 0.01, 5.0),  # 0.5 / sqrt(0.01), where the slope begins to be held
        (0.5, 0.001, 5.0),
        (0.5, 0.0, 5.0),
        (2.0, 3.0, 6.0),
        (2.0, 0.0, 0.02),  # 2 * 0.01: a square would stop asking for less at 0
        (1.0, 0.0, 1.0),
        (0.5, -1.0, 5.0),
    ],
)
def test_slope_of_held_power(exponent: float, at: float, expected: float) -> None:
    assert slope(lambda x: held_power(x, exponent, 0.01), at) == pytest.approx(expected)


@given(st.floats(-10, 3), exponents, st.sampled_from(LOG_FORMS))
@settings(deadline=None)
def test_gradient_of_a_logarithmic_cost_is_bounded_and_positive(
    log10: float, exponent: float, form: LogForm
) -> None:
    """No slope exceeds the one at one unit, or that of the power itself for exponents above 1."""
    x = 10**log10
    found = slope(lambda cost: log_cost(cost, exponent, form), x)
    at_floor = exponent * (LOG_HELD_BELOW ** (exponent - 1) if form == "power_of_log" else 1.0)
    steepest = exponent * math.log(1e3) ** max(exponent - 1, 0) if form == "power_of_log" else exponent
    assert 0 < found <= max(at_floor, steepest) * (1 + 1e-12)
    if x < 1:
        assert found == pytest.approx(at_floor)


@pytest.mark.parametrize("form", LOG_FORMS)
@pytest.mark.parametrize("exponent", [0.4, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("seam", [1.0, math.exp(LOG_HELD_BELOW)])
def test_gradient_is_continuous_where_the_pieces_meet(form: LogForm, exponent: float, seam: float) -> None:
    left, right = (
        slope(lambda cost: log_cost(cost, exponent, form), seam * side) for side in (1 - 1e-9, 1 + 1e-9)
    )
    assert left == pytest.approx(right, rel=1e-6)


@given(st.floats(1.02, 1e9), exponents)
def test_the_two_forms(x: float, exponent: float) -> None:
    power_of_log = log_cost(scalar(x), exponent, "power_of_log").item()
    log_of_power = log_cost(scalar(x), exponent, "log_of_power").item()
    assert power_of_log == pytest.approx(math.log(x) ** exponent, rel=1e-12)
    assert log_of_power == pytest.approx(math.log(x**exponent), rel=1e-9)


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("form", LOG_FORMS)
def test_costs_up_to_one_unit_are_free_in_value(x: float, form: LogForm) -> None:
    assert log_cost(scalar(x), 0.5, form).item() == 0


def test_units() -> None:
    """250 us and 250 mJ count 250 each: log(250) = 5.521460917862246."""
    assert log_latency(scalar(250e-6), 1.0, "power_of_log").item() == pytest.approx(5.521460917862246)
    assert log_energy(scalar(0.25), 1.0, "power_of_log").item() == pytest.approx(5.521460917862246)


def test_single_precision_stays_finite_next_to_one_unit() -> None:
    for ulps in range(-3, 4):
        x = torch.tensor(1 + ulps * 2**-23, dtype=torch.float32, requires_grad=True)
        log_cost(x, 0.5, "power_of_log").backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        # 0.5 / sqrt(0.01) = 5 is the most that the logarithm's root can ask for.
        assert 0 < x.grad.item() <= 5.001


def test_gradient_of_the_identity_at_zero_is_finite() -> None:
    """0.6 * (1e-9)^-0.4 = 0.6 * 10^3.6 per second."""
    found = slope(lambda x: held_power(x, 0.6, COST_HELD_BELOW), 0.0)
    assert found == pytest.approx(0.6 * 10**3.6)
