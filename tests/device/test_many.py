"""Costs of many architectures at once against `predict`, which takes one at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.device.cases import campaign_profile, cifar, fitted, part_of_cifar, toy, toy_profile
from wattnas.device import Profile, load_profile, network_costs, predict
from wattnas.device.between import names_of
from wattnas.device.fitted import BetweenFit
from wattnas.device.many import COSTS
from wattnas.device.parts import part_keys, parts
from wattnas.device.spread import latency_sigma
from wattnas.errors import ProfileError
from wattnas.space import Architecture, Layout
from wattnas.units import Z_95


def correlated(layout: Layout, keys: list[str]) -> Profile:
    """A campaign whose parts err together."""
    mixed = np.random.default_rng(3).normal(size=(len(keys), len(keys))) * 1e-4
    seconds = {key: 1e-3 * number for number, key in enumerate(keys, start=1)}
    return campaign_profile(layout, seconds, matrix=mixed @ mixed.T, misfit=0.03)


def in_one_campaign(layout: Layout) -> Profile:
    return correlated(layout, [part.key for part in parts(layout)])


def with_between(layout: Layout) -> Profile:
    """Changes of the order of memory and weights cost something, and err together with the parts."""
    keys = [part.key for part in parts(layout)]
    names = names_of(layout)
    between = BetweenFit(seconds={n: 1e-4 * (k - 2) for k, n in enumerate(names)}, params=200_000)
    size = len(keys) + len(names)
    mixed = np.random.default_rng(3).normal(size=(size, size)) * 1e-4
    seconds = {key: 1e-3 * number for number, key in enumerate(keys, start=1)}
    return campaign_profile(layout, seconds, matrix=mixed @ mixed.T, misfit=0.03, between=between)


def in_two_campaigns(layout: Layout) -> Profile:
    """Stem and first parts by one, the others by another with a larger misfit."""
    keys = [part.key for part in parts(layout)]
    seconds = {key: 1e-3 * number for number, key in enumerate(keys, start=1)}
    cut = len(keys) // 2
    first = fitted(layout, {key: seconds[key] for key in keys[:cut]}, misfit=0.01)
    second = fitted(layout, {key: seconds[key] for key in keys[cut:]}, misfit=0.07)
    whole = in_one_campaign(layout)
    return Profile.model_validate(whole.model_copy(update={"fits": (first, second)}).model_dump())


def drawn(layout: Layout, count: int = 25) -> Tensor:
    """(count, layers): random architectures, all `skip` and the one of first candidates among them."""
    width, depth = len(layout.candidates), len(layout.layers)
    paths = torch.randint(width, (count, depth), generator=torch.Generator().manual_seed(1))
    paths[0] = layout.space.candidates.index("skip")
    paths[1] = 0
    return paths


def architecture(layout: Layout, path: Tensor) -> Architecture:
    return Architecture.of([layout.space.candidates[column] for column in path.tolist()], layout.space)


CASES: dict[str, Callable[[], tuple[Profile, Layout]]] = {
    "ozawa-2021": lambda: (load_profile("ozawa-2021"), cifar()),
    "one campaign": lambda: (in_one_campaign(part_of_cifar()), part_of_cifar()),
    "two campaigns": lambda: (in_two_campaigns(part_of_cifar()), part_of_cifar()),
    "what is between": lambda: (with_between(cifar()), cifar()),
    "stem and head counted": lambda: (toy_profile("network"), toy()),
    "stem and head left out": lambda: (toy_profile("layers"), toy()),
}


@pytest.mark.parametrize("name", CASES)
def test_the_costs_of_many_are_those_that_predict_gives_one_by_one(name: str) -> None:
    profile, layout = CASES[name]()
    paths = drawn(layout)
    found = network_costs(profile, layout).of(paths)
    assert set(found) == set(COSTS)
    reports = [predict(profile, layout, architecture(layout, path)) for path in paths]
    for cost in ("energy_j", "latency_s", "params", "macs"):
        assert found[cost].tolist() == pytest.approx([getattr(r, cost) for r in reports], rel=1e-12), cost
    assert found["memory_bytes"].tolist() == [report.memory_bytes.value for report in reports]
    assert all(value.dtype == torch.float64 for value in found.values())


@pytest.mark.parametrize("name", ["one campaign", "two campaigns"])
def test_the_spread_of_the_seconds_is_that_of_the_profiles_covariances(name: str) -> None:
    profile, layout = CASES[name]()
    paths, costs = drawn(layout), network_costs(profile, layout)
    sigmas = costs.sigma(paths)
    seconds = costs.of(paths)["latency_s"].tolist()
    for number, path in enumerate(paths):
        keys = part_keys(layout, architecture(layout, path))
        expected = latency_sigma(profile, keys, seconds[number])
        assert expected is not None and expected > 0
        assert float(sigmas["latency_s"][number]) == pytest.approx(expected, rel=1e-9)


def test_where_joules_are_modelled_from_seconds_their_spread_is_that_of_predict() -> None:
    layout = part_of_cifar()
    check_joules(in_one_campaign(layout), layout)
    check_joules(with_between(cifar()), cifar())


def check_joules(profile: Profile, layout: Layout) -> None:
    paths = drawn(layout)
    sigmas = network_costs(profile, layout).sigma(paths)["energy_j"]
    for path, sigma in zip(paths, sigmas.tolist(), strict=True):
        energy = predict(profile, layout, architecture(layout, path)).sources.energy_j
        assert energy.high is not None
        assert sigma == pytest.approx((energy.high - energy.value) / Z_95, rel=1e-9)


@pytest.mark.parametrize("name", ["ozawa-2021", "stem and head counted", "stem and head left out"])
def test_a_profile_without_covariances_has_no_spread(name: str) -> None:
    profile, layout = CASES[name]()
    costs = network_costs(profile, layout)
    assert costs.spreads == ()
    assert all(sigma.tolist() == [0.0] * 25 for sigma in costs.sigma(drawn(layout)).values())


def test_a_campaign_that_knows_only_some_parts_gives_no_spread() -> None:
    layout = part_of_cifar()
    keys = [part.key for part in parts(layout)]
    part = fitted(layout, dict.fromkeys(keys[:-1], 1e-3))
    whole = in_one_campaign(layout)
    profile = Profile.model_validate(whole.model_copy(update={"fits": (part,)}).model_dump())
    assert latency_sigma(profile, keys, 1.0) is None
    assert network_costs(profile, layout).spreads == ()


@pytest.mark.parametrize("name", CASES)
def test_gates_that_have_decided_cost_what_the_architecture_does(name: str) -> None:
    profile, layout = CASES[name]()
    costs, paths = network_costs(profile, layout), drawn(layout)
    plain = costs.of(paths)
    for number, path in enumerate(paths):
        gates = torch.nn.functional.one_hot(path, len(layout.candidates)).to(torch.float64)
        for cost, value in costs.relaxed(gates).items():
            assert float(value) == pytest.approx(float(plain[cost][number]), rel=1e-12), cost


def test_half_and_half_costs_the_mean_and_the_gradient_is_the_table() -> None:
    layout = toy()
    costs = network_costs(toy_profile("network"), layout)
    gates = torch.full((2, 2), 0.5, dtype=torch.float64, requires_grad=True)
    found = costs.relaxed(gates)
    # Stem 0.1 s, head 0.003 s, and half of a block of 0.02 s at each of two layers.
    assert found["latency_s"].item() == pytest.approx(0.1 + 0.003 + 0.02)
    # At most 3 maps of 8x8x8 are alive around a block and 1 around an identity; the head needs 2.
    assert found["memory_bytes"].item() == pytest.approx(4 * (found["params"].item() + 2 * 8 * 64))
    (slope,) = torch.autograd.grad(found["latency_s"], gates)
    assert slope.tolist() == [[0.02, 0.0], [0.02, 0.0]]


@pytest.mark.parametrize("name", ["one campaign", "stem and head counted", "stem and head left out"])
def test_no_architecture_costs_less_than_the_least(name: str) -> None:
    """Against all architectures; sums are reached, memory is a floor."""
    profile, layout = CASES[name]()
    costs = network_costs(profile, layout)
    every = costs.of(torch.cartesian_prod(*[torch.arange(len(layout.candidates))] * len(layout.layers)))
    least = costs.least()
    assert set(least) == set(COSTS)
    for cost, values in every.items():
        assert least[cost] <= float(values.min()) * (1 + 1e-12), cost
        if cost != "memory_bytes":
            assert least[cost] == pytest.approx(float(values.min()), rel=1e-12)
    assert least["memory_bytes"] > 4 * least["params"]


def test_a_candidate_that_is_not_covered_is_named() -> None:
    with pytest.raises(ProfileError, match="k3_e1"):
        network_costs(toy_profile(), part_of_cifar())
