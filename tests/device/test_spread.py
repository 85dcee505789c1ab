"""The interval of a network from the covariances of several campaigns."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.cases import campaign_profile, fitted, toy, toy_profile
from wattnas.device import Profile
from wattnas.device.collect import Timed
from wattnas.device.fitted import Covariance
from wattnas.device.spread import count_keys, latency_sigma, level_sigma, likeness

STEM, BLOCK, HEAD = "stem_k3 1x8x8 -> 8 s1", "k3_e1 8x8x8 -> 8 s1", "head_average 8x8x8 -> 8 -> 2"


def test_keys_are_counted_in_the_order_of_the_covariance() -> None:
    spread = Covariance.of(("a", "b", "c"), np.eye(3), 0.0)
    assert count_keys(spread, ["c", "a", "c", "elsewhere"]).tolist() == [1.0, 0.0, 2.0]


def test_the_spread_of_a_network_by_hand() -> None:
    """Counts (1, 2, 1): 4 + 4 * 9 + 1, 2 * 2 * -1 between stem and block; a misfit of 10 % of 50 s."""
    matrix = np.array([[4.0, -1.0, 0.0], [-1.0, 9.0, 0.0], [0.0, 0.0, 1.0]])
    made = campaign_profile(toy(), {STEM: 10.0, BLOCK: 15.0, HEAD: 10.0}, matrix=matrix, misfit=0.1)
    expected = (4 + 4 * 9 + 1 - 2 * 2 + 5.0**2) ** 0.5
    assert latency_sigma(made, [STEM, BLOCK, BLOCK, HEAD], 50.0) == pytest.approx(expected)


def test_campaigns_err_independently_and_the_larger_misfit_counts() -> None:
    first = fitted(toy(), {STEM: 1.0, BLOCK: 2.0}, matrix=np.diag([1.0, 4.0]), misfit=0.01)
    second = fitted(toy(), {HEAD: 3.0}, matrix=np.diag([9.0]), misfit=0.2)
    whole = campaign_profile(toy(), {STEM: 1.0, BLOCK: 2.0, HEAD: 3.0})
    made = Profile.model_validate(whole.model_copy(update={"fits": (first, second)}).model_dump())
    assert latency_sigma(made, [STEM, BLOCK, HEAD], 6.0) == pytest.approx((1 + 4 + 9 + 1.2**2) ** 0.5)


def test_the_level_of_a_session_is_known_as_well_as_the_median_of_its_anchors() -> None:
    """Three anchors 2 % apart: a standard deviation of 2 %, by root 3, and a quarter more for a median."""
    anchors = [Timed(seconds, 1e-3, stretch) for stretch, seconds in enumerate((0.98, 1.0, 1.02))]
    assert level_sigma(anchors) == pytest.approx(0.02 / 3**0.5 * 1.2533, rel=1e-4)
    assert level_sigma(anchors[1:2]) == pytest.approx(1e-3 * 1.2533, rel=1e-4)


def test_networks_miss_alike_as_far_as_they_share_parts() -> None:
    """Of four parts the second network shares three, the third none, the last all in another order."""
    networks = [["a", "a", "b", "c"], ["a", "b", "b", "c"], ["d", "d", "d", "d"], ["c", "b", "a", "a"]]
    found = likeness(networks)
    assert found[0].tolist() == pytest.approx([1.0, 0.75**4, 0.0, 1.0])
    assert np.array_equal(found, found.T)
    rng = np.random.default_rng(0)
    many = likeness([rng.choice(list("abcdef"), 8).tolist() for _ in range(60)])
    assert np.linalg.eigvalsh(many).min() > -1e-12


def test_a_part_without_a_covariance_leaves_the_network_without_one() -> None:
    assert latency_sigma(toy_profile(), [STEM, BLOCK, HEAD], 1.0) is None
    assert latency_sigma(campaign_profile(toy()), [STEM, "k9_e9 8x8x8 -> 8 s1", HEAD], 1.0) is None
