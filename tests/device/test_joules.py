"""Joules regressed on seconds: hidden watts are found again."""

from __future__ import annotations

import numpy as np
import pytest

from wattnas.device.compare import compare
from wattnas.device.fitted import CONSTANT, EnergyFit
from wattnas.device.joules import (
    MeasuredEnergy,
    energy_of,
    energy_sigma,
    fit_energy,
    kind_of,
)
from wattnas.errors import ProfileError

WATTS = {"k3_e1": 2.0, "k3_e6": 4.0, "k5_e6": 6.0, "skip": 1.0, "stem_k3": 3.0, "head_flatten": 3.0}
CONSTANT_J = 0.004
SECONDS = {
    f"{kind} {shape}": seconds * (1 + index / 5)
    for index, kind in enumerate(("k3_e1", "k3_e6", "k5_e6", "skip"))
    for shape, seconds in (("16x8x8 -> 16 s1", 2e-3), ("24x4x4 -> 24 s1", 1e-3))
} | {"stem_k3 1x8x8 -> 16 s1": 1e-3, "head_flatten 24x4x4 -> 40 -> 10": 5e-4}


def networks(number: int, noise: float = 0.0, seed: int = 0) -> list[MeasuredEnergy]:
    """Ten random blocks between stem and head; joules by the hidden watts."""
    rng = np.random.default_rng(seed)
    *blocks, stem, head = SECONDS
    found = []
    for _ in range(number):
        shares = rng.dirichlet(np.full(len(blocks), 0.5))
        keys = (stem, *rng.choice(blocks, size=10, p=shares).tolist(), head)
        joules = CONSTANT_J + sum(WATTS[kind_of(key)] * SECONDS[key] for key in keys)
        joules *= 1 + noise * rng.standard_normal()
        found.append(MeasuredEnergy(keys, joules, max(noise, 1e-4) * joules))
    return found


@pytest.fixture(scope="module")
def exact() -> EnergyFit:
    return fit_energy(networks(40), SECONDS, "replay")


def test_a_kind_is_the_block_without_its_shapes() -> None:
    assert kind_of("k3_e6_g2 16x32x32 -> 24 s2") == "k3_e6_g2"


def test_hidden_watts_are_found_again(exact: EnergyFit) -> None:
    for kind in ("k3_e1", "k3_e6", "k5_e6", "skip"):
        assert exact.watts[kind] == pytest.approx(WATTS[kind], rel=0.02), kind
    # Stem, head and constant are the same in every network: their sum is told, not the single ones.
    fixed = exact.watts["stem_k3"] * 1e-3 + exact.watts["head_flatten"] * 5e-4 + exact.watts[CONSTANT]
    assert fixed == pytest.approx(3.0 * 1.5e-3 + CONSTANT_J, rel=0.05)
    assert (exact.meter, exact.networks, set(exact.watts)) == ("replay", 40, {*WATTS, CONSTANT})


def test_parts_add_up_to_the_network_and_the_first_has_the_constant(exact: EnergyFit) -> None:
    for network in networks(5, seed=1):
        parts = [energy_of(exact, key, SECONDS[key], 0.0, first=i == 0) for i, key in enumerate(network.keys)]
        assert sum(joules for joules, _ in parts) == pytest.approx(network.joules, rel=0.005)
    stem = network.keys[0]
    with_it, without = (energy_of(exact, stem, 1e-3, 0.0, first=first)[0] for first in (True, False))
    assert with_it - without == pytest.approx(exact.watts[CONSTANT])


def test_the_spread_of_a_network_by_hand(exact: EnergyFit) -> None:
    keys, names = networks(1, seed=2)[0].keys, exact.covariance.keys
    times = np.array([sum(SECONDS[k] for k in keys if kind_of(k) == name) for name in names])
    times[-1] = 1.0
    joules = sum(exact.watts[name] * t for name, t in zip(names, times, strict=True))
    usual_w = joules / times[:-1].sum()
    variance = times @ exact.covariance.matrix() @ times
    expected = (variance + (usual_w * 1e-4) ** 2 + (exact.covariance.misfit * joules) ** 2) ** 0.5
    assert energy_sigma(exact, keys, SECONDS, 1e-4) == pytest.approx(expected, rel=1e-6)


def test_the_check_leaves_each_network_out() -> None:
    """One network that lies by half is predicted from the others: its own measurement does not excuse it."""
    some = networks(20, noise=0.01)
    honest = fit_energy(some, SECONDS, "replay").check
    assert honest is not None and honest.n == 20
    assert honest.mape < 0.02
    some[7] = MeasuredEnergy(some[7].keys, some[7].joules * 1.5, some[7].sigma_j)
    lying = fit_energy(some, SECONDS, "replay").check
    assert lying is not None
    assert lying.within_10 <= 0.95
    assert lying.mape > 0.25 / 20  # a third of one in twenty, at least


def test_intervals_of_energies_cover_what_they_claim() -> None:
    inside = []
    for seed in range(8):
        fit = fit_energy(networks(40, noise=0.02, seed=seed), SECONDS, "replay")
        fresh = networks(60, noise=0.02, seed=100 + seed)
        mean = np.array(
            [
                sum(energy_of(fit, key, SECONDS[key], 0.0, first=i == 0)[0] for i, key in enumerate(one.keys))
                for one in fresh
            ]
        )
        sigma = np.array([energy_sigma(fit, one.keys, SECONDS, 0.0) for one in fresh])
        measured = np.array([one.joules for one in fresh])
        inside.append(compare(mean, sigma, measured, np.array([one.sigma_j for one in fresh])).coverage_95)
    assert 0.9 <= np.mean(inside) <= 0.99


def test_too_few_networks_are_no_regression() -> None:
    with pytest.raises(ProfileError, match=r"7 networks.*8 or more"):
        fit_energy(networks(7), SECONDS, "replay")


@pytest.mark.parametrize("joules", [0.0, -1.0, float("nan")])
def test_an_energy_that_is_none_is_refused(joules: float) -> None:
    some = networks(9)
    some[3] = MeasuredEnergy(some[3].keys, joules, 0.1)
    with pytest.raises(ProfileError, match=r"not above 0 J.*doctor"):
        fit_energy(some, SECONDS, "replay")
