"""One more network moves a profile towards itself, and no further than both uncertainties say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.cases import campaign_profile, toy, toy_profile
from tests.device.test_assemble import measured_energy
from wattnas.device import Profile, learn, predict
from wattnas.device.fitted import Covariance
from wattnas.errors import ProfileError
from wattnas.space import Architecture
from wattnas.units import Quantity

STEM, BLOCK, HEAD = "stem_k3 1x8x8 -> 8 s1", "k3_e1 8x8x8 -> 8 s1", "head_average 8x8x8 -> 8 -> 2"
NETWORK = Architecture.parse("k3_e1 k3_e1", toy().space)


def latency(profile: Profile, text: str = "k3_e1 k3_e1") -> Quantity:
    return predict(profile, toy(), Architecture.parse(text, toy().space)).sources.latency_s


def width(quantity: Quantity) -> float:
    assert quantity.low is not None and quantity.high is not None
    return quantity.high - quantity.low


def taught(profile: Profile, seconds: float, sigma_s: float = 1e-4) -> Profile:
    return learn(profile, toy(), NETWORK, seconds, sigma_s)


def test_a_step_of_the_regression_by_hand() -> None:
    """Counts (1, 2, 1), variances 4, 1 and 9: 4 + 4 + 9 = 17 beside 0.1^2 + 2.4^2 of the measurement."""
    made = campaign_profile(
        toy(), {STEM: 10.0, BLOCK: 20.0, HEAD: 50.0}, matrix=np.diag([4.0, 1.0, 9.0]), misfit=0.02
    )
    found = {e.key: e.latency for e in taught(made, 120.0, 0.1).entries}
    step = (120 - 100) / (17 + 0.1**2 + (0.02 * 120) ** 2)
    assert found[STEM].value == pytest.approx(10 + 4 * step, rel=1e-5)
    assert found[BLOCK].value == pytest.approx(20 + 2 * step, rel=1e-5)
    assert found[HEAD].value == pytest.approx(50 + 9 * step, rel=1e-5)
    sigma = (4 - 4 * 4 * step / 20) ** 0.5
    assert found[STEM].high == pytest.approx(10 + 4 * step + 1.96 * sigma, rel=1e-4)


@pytest.mark.parametrize("seconds", [5e-3, 12e-3])
def test_the_prediction_moves_between_old_and_observed_and_its_interval_shrinks(seconds: float) -> None:
    old = campaign_profile(toy())  # 1 + 2 * 2 + 3 = 8 ms
    new = taught(old, seconds)
    low, high = sorted((8e-3, seconds))
    assert low < latency(new).value < high
    assert width(latency(new)) < width(latency(old))
    assert (latency(new, "skip k3_e1").value - latency(old, "skip k3_e1").value) * (seconds - 8e-3) > 0
    assert new.fits[0].networks == 41


def test_an_exact_measurement_counts_more_than_a_vague_one() -> None:
    old = campaign_profile(toy(), misfit=0.0)
    exact, vague = (latency(taught(old, 9e-3, sigma_s)).value for sigma_s in (1e-6, 1e-3))
    assert 8e-3 < vague < exact
    assert exact == pytest.approx(9e-3, rel=1e-4)
    assert latency(taught(old, 9e-3, 1.0)).value == pytest.approx(8e-3, rel=1e-4)


def test_modelled_energies_move_along() -> None:
    new = taught(campaign_profile(toy(), watts=5.0), 9e-3)
    for entry in new.entries:
        assert entry.energy.value == pytest.approx(5 * entry.latency.value, rel=1e-5)
        if entry.latency.high is not None:
            assert entry.energy.high == pytest.approx(5 * entry.latency.high, rel=1e-5)
            assert entry.energy.low == pytest.approx(5 * (entry.latency.low or 0.0), rel=1e-5)


def test_measured_energies_stay() -> None:
    old = campaign_profile(toy(), energy=measured_energy())
    new = taught(old, 9e-3)
    assert [e.energy for e in new.entries] == [e.energy for e in old.entries]
    assert [e.latency for e in new.entries] != [e.latency for e in old.entries]


def test_what_was_learned_is_a_sound_profile_and_the_old_one_is_left_alone() -> None:
    old = campaign_profile(toy())
    before = old.to_json()
    new = old
    for seconds in (1e-4, 0.5, 8e-3, 7e-3):
        new = taught(new, seconds)
    assert old.to_json() == before
    assert Profile.parse(new.to_json(), "x") == new
    identity = "skip 8x8x8 -> 8 s1"
    assert [e for e in new.entries if e.key == identity] == [e for e in old.entries if e.key == identity]


def test_a_profile_without_covariances_cannot_learn() -> None:
    with pytest.raises(ProfileError, match=r"'bench' cannot learn.*wattnas profile --device"):
        taught(toy_profile(), 1.0)


def test_a_covariance_that_is_none_as_a_whole_is_refused() -> None:
    """Each pair does, all three do not: -0.9 between every two."""
    scale = np.array([1e-3, 1e-3, 1e-3])
    matrix = (np.full((3, 3), -0.9) + 1.9 * np.eye(3)) * np.outer(scale, scale)
    made = campaign_profile(toy(), matrix=matrix, misfit=0.0)
    assert isinstance(made.fits[0].latency, Covariance)
    with pytest.raises(ProfileError, match="cannot learn: its covariance"):
        learn(made, toy(), Architecture.parse("skip k3_e1", toy().space), 1e-3, 1e-9)
