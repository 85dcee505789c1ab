"""The regression against known costs, an implementation of its own, and the textbook's evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from wattnas.device.fit import Array, Hyper, Observed, _noise, _surprise, fit_costs, refit, update
from wattnas.units import Z_95

HYPER = Hyper(scale=0.8, spread=0.15, floor=0.03, misfit=0.01, drift=0.02)


def problem(
    seed: int,
    networks: int = 60,
    parts: int = 12,
    noise: float = 0.0,
    scale: float = 0.8,
    uneven: float = 0.1,
) -> tuple[Array, Array, Observed]:
    """(hidden costs, blocks alone, networks): blocks alone cost `1 / scale` of what they do inside."""
    rng = np.random.default_rng(seed)
    costs = np.exp(rng.normal(-7, 0.7, parts))
    blocks = costs / scale * np.exp(uneven * rng.standard_normal(parts))
    sizes = rng.integers(3, 9, networks)
    counts = rng.multinomial(sizes, np.full(parts - 1, 1 / (parts - 1))).astype(float)
    counts = np.hstack([np.ones((networks, 1)), counts])
    true = counts @ costs
    values = true * (1 + noise * rng.standard_normal(networks))
    return costs, blocks, Observed(counts, values, np.full(networks, max(noise, 1e-5)) * true)


def test_exact_measurements_give_the_hidden_costs() -> None:
    costs, blocks, observed = problem(0)
    found = fit_costs(blocks, observed)
    assert found.mean == pytest.approx(costs, rel=2e-3)
    mean, _ = found.predict(observed.counts)
    assert mean == pytest.approx(observed.values, rel=1e-3)


def test_without_networks_that_tell_blocks_keep_their_prior() -> None:
    """A network that holds no part says nothing, nor does it stop the fit: its parts may all be known."""
    blocks = np.array([1e-3, 2e-3])
    observed = Observed(np.array([[0.0, 0.0]]), np.array([1e-6]), np.array([1e-4]), totals=np.array([0.01]))
    found = fit_costs(blocks, observed)
    assert found.mean == pytest.approx(blocks * found.hyper.scale)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_posterior_is_that_of_a_naive_ridge(grouped: bool) -> None:
    """Normal equations with matrices inverted outright: (X' N^-1 X + P^-1) w = X' N^-1 y + P^-1 s b."""
    _, blocks, observed = problem(1, networks=20, noise=0.01)
    if grouped:
        alike = np.eye(20)
        alike[3, 7] = alike[7, 3] = 1.0
        observed = replace(observed, groups=np.arange(20) // 5, alike=alike)
    x, y, prior = observed.counts, observed.values, HYPER.scale * blocks
    noise = np.zeros((20, 20))
    for i in range(20):
        for j in range(20):
            if i == j:
                noise[i, i] += observed.sigmas[i] ** 2
            both = (x[i] @ prior) * (x[j] @ prior)
            if i == j or (grouped and {i, j} == {3, 7}):
                noise[i, j] += HYPER.misfit**2 * both
            if i == j or (grouped and i // 5 == j // 5):
                noise[i, j] += HYPER.drift**2 * both
    precision = np.diag((HYPER.spread * prior + HYPER.floor * prior.mean()) ** -2.0)
    whole = np.linalg.inv(x.T @ np.linalg.inv(noise) @ x + precision)
    expected = whole @ (x.T @ np.linalg.inv(noise) @ y + precision @ prior)
    found = refit(blocks, observed, HYPER)
    assert found.mean == pytest.approx(expected, rel=1e-8)
    assert found.covariance == pytest.approx(whole, rel=1e-6, abs=1e-7 * whole.max())
    mean, sigma = found.predict(x[:2], rest=np.array([1.0, 2.0]))
    apart = (HYPER.misfit**2 + HYPER.drift**2) ** 0.5
    assert mean == pytest.approx(x[:2] @ expected + [1.0, 2.0])
    assert sigma[0] == pytest.approx((x[0] @ whole @ x[0] + (apart * mean[0]) ** 2) ** 0.5)


def test_one_network_after_another_gives_what_all_at_once_give() -> None:
    _, blocks, observed = problem(2, networks=15, noise=0.01)
    at_once = refit(blocks, observed, HYPER)
    prior = HYPER.scale * blocks
    mean, covariance = prior, np.diag((HYPER.spread * prior + HYPER.floor * prior.mean()) ** 2)
    for i in range(15):
        one = Observed(observed.counts[[i]], observed.values[[i]], observed.sigmas[[i]])
        mean, covariance = update(mean, covariance, one, _noise(one, HYPER, prior))
    assert mean == pytest.approx(at_once.mean, rel=1e-9)
    assert covariance == pytest.approx(at_once.covariance, rel=1e-6, abs=1e-9 * at_once.covariance.max())


def test_the_evidence_is_the_density_of_the_measurements() -> None:
    """Against scipy's normal density, up to one constant for all."""
    _, blocks, observed = problem(3, networks=10, noise=0.01)
    observed = replace(observed, groups=np.arange(10) // 2)
    constants = []
    for hyper in (HYPER, Hyper(1.1, 0.3, 0.001, 0.05, 0.001), Hyper(0.5, 0.02, 0.2, 0.001, 0.1)):
        prior = hyper.scale * blocks
        spread = np.diag((hyper.spread * prior + hyper.floor * prior.mean()) ** 2)
        covariance = observed.counts @ spread @ observed.counts.T + _noise(observed, hyper, prior)
        density = multivariate_normal(observed.counts @ prior, covariance).logpdf(observed.values)
        constants.append(_surprise(blocks, observed, hyper) + density)
    assert constants == pytest.approx([-5 * np.log(2 * np.pi)] * 3, abs=1e-4)


@pytest.mark.parametrize("scale", [0.6, 0.9, 1.3])
def test_the_evidence_prefers_the_true_scale(scale: float) -> None:
    _, blocks, observed = problem(4, noise=0.005, scale=scale, uneven=0.05)
    found = fit_costs(blocks, observed).hyper
    assert found.scale == pytest.approx(scale, rel=0.05)
    best = _surprise(blocks, observed, found)
    for wrong in (0.8 * scale, 1.25 * scale):
        assert _surprise(blocks, observed, found._replace(scale=wrong)) > best


def test_intervals_of_fresh_networks_cover_what_they_claim() -> None:
    inside = []
    for seed in range(12):
        costs, blocks, observed = problem(10 + seed, noise=0.02)
        fresh = problem(10 + seed, networks=200, noise=0.0)[2].counts[60:]
        mean, sigma = fit_costs(blocks, observed).predict(fresh)
        again = fresh @ costs * (1 + 0.02 * np.random.default_rng(seed).standard_normal(len(fresh)))
        noise = 0.02 * fresh @ costs
        inside.append(np.abs(mean - again) <= Z_95 * np.hypot(sigma, noise))
    assert 0.92 <= np.mean(inside) <= 0.98


def test_parts_lie_within_their_own_intervals() -> None:
    """What is told apart badly is said to be: errors of single parts are as large as their sigmas."""
    ratios = []
    for seed in range(12):
        costs, blocks, observed = problem(40 + seed, noise=0.01)
        found = fit_costs(blocks, observed)
        ratios.append((found.mean - costs) / np.sqrt(np.diag(found.covariance)))
    assert 0.8 < np.std(ratios) < 1.25


def test_stretches_at_different_speeds_are_put_right() -> None:
    """Networks of one stretch share its speed; told so, the fit finds the costs better."""
    gains = []
    for seed in range(6):
        costs, blocks, observed = problem(70 + seed, networks=80, noise=0.003)
        groups = np.arange(80) // 8
        speeds = 1 + 0.04 * np.random.default_rng(seed).standard_normal(10)
        drifted = replace(observed, values=observed.values * speeds[groups])
        told = fit_costs(blocks, replace(drifted, groups=groups))
        untold = fit_costs(blocks, drifted)
        assert told.hyper.drift == pytest.approx(0.04, rel=0.8)
        shares = [found.mean / found.mean.sum() - costs / costs.sum() for found in (told, untold)]
        gains.append(np.abs(shares[0]).sum() / np.abs(shares[1]).sum())
    assert np.median(gains) < 0.6
