from __future__ import annotations

import math

import pytest

from tests.objective.conformance import ObjectiveContract, gradients, make_terms
from tests.objective.test_s1 import FOUR_S, NINE_J
from wattnas.errors import ConfigError
from wattnas.objective import HANNA, make_objective


class TestHANNA(ObjectiveContract):
    objective = HANNA(0.8)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ce + 0.2 * math.pow(latency_s, 0.6) + 0.6 * math.pow(energy_j, 0.6)


class TestHANNALog(ObjectiveContract):
    objective = HANNA(0.8, alpha=0.5, beta=0.5, gamma=1.5, delta=0.25, transform="log")

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return (
            ce + 0.5 * math.sqrt(math.log(latency_s * 1e6)) + 1.5 * math.pow(math.log(energy_j * 1e3), 0.25)
        )


class TestHANNALogOfPower(ObjectiveContract):
    objective = HANNA(0.8, beta=0.5, delta=2.0, transform="log", log_form="log_of_power")

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ce + 0.2 * math.log((latency_s * 1e6) ** 0.5) + 0.6 * math.log((energy_j * 1e3) ** 2)


def test_identity_worked_by_hand() -> None:
    """1.2 + 0.5 * sqrt(0.0004 s) + 2 * (3 J)^2 = 1.2 + 0.01 + 18."""
    objective = HANNA(0.8, alpha=0.5, beta=0.5, gamma=2.0, delta=2.0)
    loss = objective(make_terms((1.2, 0.3, 0.0004, 3.0)))
    assert loss.total.item() == pytest.approx(19.21)
    assert loss.latency.item() == pytest.approx(0.01)
    assert loss.energy.item() == pytest.approx(18.0)
    # 0.5 * 0.5 / 0.02 per second, 2 * 2 * 3 per joule.
    assert gradients(loss) == pytest.approx((1.0, 12.5, 12.0))


def test_default_worked_by_hand() -> None:
    """32^0.6 = 8: 1.2 + 0.2 * 8 + 0.6 * 8."""
    assert HANNA(0.8)(make_terms((1.2, 0.3, 32.0, 32.0))).total.item() == pytest.approx(7.6)


def test_fbnet3_worked_by_hand() -> None:
    """1.2 + 0.5 * 2 + 1.5 * 3; by seconds 0.5 * 0.5 / 2 / lat, by joules 1.5 * 0.5 / 3 / energy."""
    loss = make_objective("fbnet3", 0.8)(make_terms((1.2, 0.3, FOUR_S, NINE_J)))
    assert loss.total.item() == pytest.approx(6.7)
    assert gradients(loss) == pytest.approx((1.0, 0.125 / FOUR_S, 0.25 / NINE_J))


def test_goal_and_accuracy_do_not_matter() -> None:
    total = HANNA(0.8)(make_terms((1.2, 0.3, 1e-3, 1.0))).total
    assert HANNA(0.2)(make_terms((1.2, 0.9, 1e-3, 1.0))).total == total


def test_unknown_transform() -> None:
    with pytest.raises(ConfigError, match=r"transform of objective 'hanna' is 'sqrt'.*identity, log"):
        make_objective("hanna", 0.8, transform="sqrt")
