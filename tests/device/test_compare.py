from __future__ import annotations

import numpy as np
import pytest

from wattnas.device.compare import compare
from wattnas.errors import ProfileError


def test_the_figures_of_four_networks_by_hand() -> None:
    """Errors +4 %, -8 %, +20 % and 0; all six pairs are ranked alike."""
    predicted = np.array([1.04, 1.84, 3.6, 4.0])
    measured = np.array([1.0, 2.0, 3.0, 4.0])
    sigma, noise = np.full(4, 0.03), np.full(4, 0.04)  # together 0.05, so 0.098 is inside
    found = compare(predicted, sigma, measured, noise)
    assert (found.n, found.within_5, found.within_10, found.coverage_95) == (4, 0.5, 0.75, 0.5)
    assert found.mape == pytest.approx((0.04 + 0.08 + 0.2 + 0) / 4)
    assert found.bias == pytest.approx((0.04 - 0.08 + 0.2 + 0) / 4)
    assert found.tau == pytest.approx(1.0)
    assert (found.anchor_shift, found.mape_anchored) == (0.0, found.mape)


def test_a_swapped_pair_costs_a_third_of_the_rank_correlation() -> None:
    """Of six pairs one is ranked the other way: (5 - 1) / 6."""
    found = compare(np.array([1, 3, 2, 4.0]), np.ones(4), np.array([1, 2, 3, 4.0]), np.ones(4))
    assert found.tau == pytest.approx(4 / 6)


def test_a_slower_device_is_told_from_a_wrong_profile() -> None:
    measured = np.array([1.1, 2.2, 3.3])
    found = compare(np.array([1, 2, 3.0]), np.ones(3), measured, np.ones(3), anchor_shift=0.1)
    assert found.mape == pytest.approx(1 - 1 / 1.1)
    assert found.mape_anchored == pytest.approx(0, abs=1e-12)
    assert found.anchor_shift == 0.1


def test_predictions_that_are_all_alike_rank_nothing() -> None:
    assert compare(np.ones(3), np.ones(3), np.array([1, 2, 3.0]), np.ones(3)).tau == 0


@pytest.mark.parametrize("networks", [0, 1])
def test_one_network_is_no_check(networks: int) -> None:
    one = np.ones(networks)
    with pytest.raises(ProfileError, match=r"two networks.*--networks 30"):
        compare(one, one, one, one)
