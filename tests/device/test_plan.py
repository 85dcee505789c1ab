"""What is timed for a profile, and how much of it a budget allows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.cases import cifar, part_of_cifar, toy
from wattnas.agent.timing import Protocol
from wattnas.device.design import base_network
from wattnas.device.parts import part_keys, parts
from wattnas.device.plan import Plan, make_plan, seconds_per_item, waves
from wattnas.errors import ConfigError
from wattnas.space import Architecture, Layout, load_space

TINY = Layout.resolve(load_space("tiny"), classes=5, channels=1, size=8)


def what_it_runs(layout: Layout, architecture: Architecture) -> tuple[str, ...]:
    return tuple(sorted(part_keys(layout, architecture)))


def held_out(plan: Plan) -> int:
    return sum(network.held_out for network in plan.networks)


def test_an_item_takes_its_warm_up_its_rounds_its_loading_and_a_twentieth_of_the_anchor() -> None:
    """0.5 s and nine rounds of 0.11 s and 0.15 s are 1.64 s; times 21/20."""
    assert seconds_per_item(Protocol()) == pytest.approx(1.722)
    longer = Protocol(rounds=20, max_rounds=20, window_s=0.5, warmup_s=1.0)
    assert seconds_per_item(longer) == pytest.approx((1 + 20 * 0.55 + 0.15) * 1.05)


def test_a_quarter_of_an_hour_for_cifar() -> None:
    """900 / 1.722 = 522 items: 104 blocks, a null session for each of 8 shapes of their inputs (3x32, 16x32,
    24x16, 32x8, 64x4, 96x4, 160x2, 320x2), and 410 networks."""
    plan = make_plan(cifar(), Protocol(), 900, seed=0)
    assert (len(plan.blocks), len(plan.networks), held_out(plan)) == (104, 410, 30)
    assert plan.anchor == base_network(cifar())
    thirds = [plan.networks[start::3] for start in range(3)]
    assert all(any(network.held_out for network in third) for third in thirds)


def test_without_a_budget_there_are_forty_networks_a_quarter_held_out() -> None:
    plan = make_plan(cifar(), Protocol(), None, seed=0)
    assert (len(plan.blocks), len(plan.networks), held_out(plan)) == (104, 40, 10)


def test_what_is_known_is_not_timed_again() -> None:
    layout = part_of_cifar()
    keys = [part.key for part in parts(layout)]
    plan = make_plan(layout, Protocol(), None, seed=0, known=[*keys[:-1], "a block of another space"])
    assert plan.blocks == (keys[-1],)
    assert make_plan(layout, Protocol(), None, seed=0, known=keys).blocks == ()


def test_known_blocks_leave_their_time_to_networks() -> None:
    layout = cifar()
    known = [part.key for part in parts(layout)]
    assert len(make_plan(layout, Protocol(), 900, seed=0, known=known).networks) == 522


def test_the_toy_space_is_timed_whole() -> None:
    """Three networks, too few to keep one from the fit."""
    plan = make_plan(toy(), Protocol(), None, seed=0)
    assert (len(plan.blocks), len(plan.networks), held_out(plan)) == (3, 3, 0)


@settings(max_examples=25)
@given(st.floats(0, 400), st.integers(0, 3), st.sampled_from([Protocol(), Protocol(9, 9, 0.02)]))
def test_a_plan_keeps_to_its_budget_or_says_how_much_would_do(
    budget_s: float, seed: int, protocol: Protocol
) -> None:
    shapes = len({part.shape for part in parts(TINY)})
    try:
        plan = make_plan(TINY, protocol, budget_s, seed)
    except ConfigError as error:
        least = re.search(r"--budget ([0-9]+)m", error.hint)
        assert least is not None
        assert budget_s < 60 * int(least[1])
        assert len(make_plan(TINY, protocol, 60 * int(least[1]), seed).networks) >= 20
        return
    items = len(plan.blocks) + shapes + len(plan.networks)
    assert items * seconds_per_item(protocol) <= budget_s * (1 + 1e-9)
    assert (items + 1) * seconds_per_item(protocol) > budget_s


def test_too_short_a_budget_is_told_in_minutes() -> None:
    """104 blocks, 8 null sessions and 20 networks are 132 items of 1.722 s: 3 min 47 s."""
    with pytest.raises(ConfigError, match="3 min 47 s") as caught:
        make_plan(cifar(), Protocol(), 60, seed=0)
    assert "--budget 5m" in caught.value.hint


@pytest.mark.parametrize(
    "layout", [cifar(), TINY, part_of_cifar(), toy()], ids=lambda layout: layout.space.name
)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_fit_sees_nothing_of_the_networks_that_check_it(layout: Layout, seed: int) -> None:
    """Not even a network that runs the same parts in another order."""
    plan = make_plan(layout, Protocol(), 600, seed)
    checks, fits = (
        {what_it_runs(layout, n.architecture) for n in plan.networks if n.held_out is held}
        for held in (True, False)
    )
    assert not checks & fits
    assert len(checks) + len(fits) == len(plan.networks)
    assert what_it_runs(layout, plan.anchor) in fits


def test_a_plan_repeats_with_its_seed() -> None:
    assert make_plan(cifar(), Protocol(), None, 1) == make_plan(cifar(), Protocol(), None, 1)
    assert make_plan(cifar(), Protocol(), None, 1) != make_plan(cifar(), Protocol(), None, 2)


def test_waves_are_all_networks_in_order() -> None:
    networks = make_plan(cifar(), Protocol(), 400, 0).networks
    found = waves(networks)
    assert [network for wave in found for network in wave] == list(networks)
    assert [len(wave) for wave in found[:-1]] == [40] * (len(found) - 1)
    assert 0 < len(found[-1]) <= 40
    assert waves([]) == []
