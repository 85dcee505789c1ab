from __future__ import annotations

import math

import pytest

from tests.objective.conformance import ObjectiveContract, gradients, make_terms
from tests.objective.test_ccel import ccel
from tests.objective.test_s1 import FOUR_S, NINE_J
from wattnas.objective import S2


class TestS2(ObjectiveContract):
    objective = S2(0.8)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ccel(ce, acc, 0.8) + math.sqrt(math.log(latency_s * 1e6)) + math.sqrt(math.log(energy_j * 1e3))


class TestS2LogOfPower(ObjectiveContract):
    objective = S2(0.35, beta=1.5, log_form="log_of_power")

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ccel(ce, acc, 0.35) + math.log((latency_s * 1e6) ** 1.5) + math.log((energy_j * 1e3) ** 1.5)


class TestS2Normal(ObjectiveContract):
    """Goal 1.0: the cross-entropy itself, whatever the accuracy."""

    objective = S2(1.0)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ce + math.sqrt(math.log(latency_s * 1e6)) + math.sqrt(math.log(energy_j * 1e3))


def test_worked_by_hand() -> None:
    """g 0.7, acc 0.35: CCEL is half of 1.2; 0.6 + 2 + 3. In the other form 0.6 + 2 + 4.5."""
    terms = make_terms((1.2, 0.35, FOUR_S, NINE_J))
    assert S2(0.7)(terms).total.item() == pytest.approx(5.6)
    assert S2(0.7, log_form="log_of_power")(terms).total.item() == pytest.approx(7.1)


def test_gradients_worked_by_hand() -> None:
    """By CE 1 - 0.5; by seconds 0.5 / 2 / lat; by joules 0.5 / 3 / energy."""
    by_ce, by_latency, by_energy = gradients(S2(0.7)(make_terms((1.2, 0.35, FOUR_S, NINE_J))))
    assert by_ce == pytest.approx(0.5)
    assert by_latency == pytest.approx(0.25 / FOUR_S)
    assert by_energy == pytest.approx(0.5 / 3 / NINE_J)


@pytest.mark.parametrize("acc", [0.0, 0.5, 1.0])
def test_goal_one_leaves_the_cross_entropy_alone(acc: float) -> None:
    """1.2 + 2 + 3, and slope 1 by the cross-entropy, at any accuracy."""
    loss = S2(1.0)(make_terms((1.2, acc, FOUR_S, NINE_J)))
    assert loss.total.item() == pytest.approx(6.2)
    assert gradients(loss)[0] == 1


def test_at_the_goal_the_costs_alone_are_left() -> None:
    loss = S2(0.7)(make_terms((1.2, 0.7, FOUR_S, NINE_J)))
    assert loss.total.item() == pytest.approx(5.0)
    assert gradients(loss)[0] == 0
