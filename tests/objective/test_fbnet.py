from __future__ import annotations

import math

import pytest

from tests.objective.conformance import ObjectiveContract, gradients, make_terms
from wattnas.objective import FBNet, make_objective

# log(lat in us) is 32, so that its powers 0.6 and 0.4 are 8 and 4.
THIRTY_TWO_S = math.exp(32) * 1e-6


class TestFBNet(ObjectiveContract):
    objective = FBNet(0.8)
    costs = ("latency",)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ce * 0.5 * math.pow(math.log(latency_s * 1e6), 0.6)


class TestFBNetLogOfPower(ObjectiveContract):
    objective = FBNet(0.8, alpha=0.2, beta=0.4, log_form="log_of_power")
    costs = ("latency",)

    def reference(self, ce: float, acc: float, latency_s: float, energy_j: float) -> float:
        return ce * 0.2 * math.log(math.pow(latency_s * 1e6, 0.4))


@pytest.mark.parametrize(("preset", "expected"), [("fbnet", 4.8), ("fbnet1", 4.8), ("fbnet2", 0.96)])
def test_worked_by_hand(preset: str, expected: float) -> None:
    """1.2 * 0.5 * 8 = 4.8; 1.2 * 0.2 * 4 = 0.96."""
    loss = make_objective(preset, 0.8)(make_terms((1.2, 0.3, THIRTY_TWO_S, 1.0)))
    assert loss.total.item() == pytest.approx(expected)
    assert loss.classification.item() == 1.2


def test_gradients_worked_by_hand() -> None:
    """By CE 0.5 * 8; by seconds 1.2 * 0.5 * 0.6 * 32^-0.4 / lat = 0.36 / 4 / lat."""
    by_ce, by_latency, by_energy = gradients(FBNet(0.8)(make_terms((1.2, 0.3, THIRTY_TWO_S, 1.0))))
    assert by_ce == pytest.approx(4.0)
    assert by_latency == pytest.approx(0.09 / THIRTY_TWO_S)
    assert by_energy == 0


def test_goal_accuracy_and_energy_do_not_matter() -> None:
    total = FBNet(0.8)(make_terms((1.2, 0.3, 1e-3, 1.0))).total
    assert FBNet(0.2)(make_terms((1.2, 0.9, 1e-3, 5.0))).total == total
