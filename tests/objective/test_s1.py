from __future__ import annotations

import math

import pytest

from tests.objective.conformance import ObjectiveContract, gradients, make_terms
from tests.objective.test_ccel import ccel
from wattnas.errors import ConfigError
from wattnas.objective import S1

# log(lat in us) is 4 and log(energy in mJ) is 9, so that their roots are 2 and 3.
FOUR_S, NINE_J = math.exp(4) * 1e-6, math.exp(9) * 1e-3


class TestS1(ObjectiveContract):
    objective = S1(0.8)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        costs = math.sqrt(math.log(latency_s * 1e6)) + math.sqrt(math.log(energy_j * 1e3))
        return (ccel(ce, acc, 0.7) + 1) * costs


class TestS1LogOfPower(ObjectiveContract):
    objective = S1(1.0, beta=0.7, log_form="log_of_power")

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        costs = math.log((latency_s * 1e6) ** 0.7) + math.log((energy_j * 1e3) ** 0.7)
        return (ccel(ce, acc, 0.9) + 1) * costs


def test_worked_by_hand() -> None:
    """g 0.7, acc 0.35: CCEL is half of 1.2; 1.6 * (2 + 3) = 8, in the other form 1.6 * (2 + 4.5) = 10.4."""
    terms = make_terms((1.2, 0.35, FOUR_S, NINE_J))
    loss = S1(0.8)(terms)
    assert loss.total.item() == pytest.approx(8.0)
    assert loss.classification.item() == pytest.approx(0.6)
    assert loss.latency.item() == pytest.approx(2.0)
    assert loss.energy.item() == pytest.approx(3.0)
    assert S1(0.8, log_form="log_of_power")(terms).total.item() == pytest.approx(10.4)


def test_gradients_worked_by_hand() -> None:
    """By CE (1 - 0.5) * 5; by seconds 1.6 * 0.5 / 2 / lat; by joules 1.6 * 0.5 / 3 / energy."""
    by_ce, by_latency, by_energy = gradients(S1(0.8)(make_terms((1.2, 0.35, FOUR_S, NINE_J))))
    assert by_ce == pytest.approx(2.5)
    assert by_latency == pytest.approx(0.4 / FOUR_S)
    assert by_energy == pytest.approx(0.8 / 3 / NINE_J)


def test_costs_alone_are_left_from_ten_points_below_the_goal() -> None:
    for goal, acc in ((0.8, 0.7), (0.35, 0.25), (0.65, 0.55), (0.5, 0.4), (1.0, 0.9), (0.9, 0.85)):
        loss = S1(goal)(make_terms((5.0, acc, FOUR_S, NINE_J)))
        assert loss.classification.item() == 0
        assert loss.total.item() == pytest.approx(5.0)
        assert gradients(loss)[0] == 0


def test_free_costs_make_the_loss_free() -> None:
    assert S1(0.8)(make_terms((5.0, 0.1, 0.0, 0.0))).total.item() == 0


@pytest.mark.parametrize("goal", [0.1, 0.05, 1e-9])
def test_needs_a_goal_above_a_tenth(goal: float) -> None:
    with pytest.raises(ConfigError, match=r"needs a goal accuracy above 0\.1; it is"):
        S1(goal)


def test_g() -> None:
    assert [S1(goal).g for goal in (1.0, 0.8, 0.65, 0.5, 0.35, 0.11)] == [0.9, 0.7, 0.55, 0.4, 0.25, 0.01]
