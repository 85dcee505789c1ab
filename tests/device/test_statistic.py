"""Which statistic of an item's runs repeats best, by numbers that can be followed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from wattnas.device.link import Latency, Stretch
from wattnas.device.statistic import WORDS, Statistic, seconds_by, sigma_by, steadiest, variance


def latency(rounds: Sequence[float], quiet: float | None, quiet_sigma: float = 0.0) -> Latency:
    middle = sorted(rounds)[len(rounds) // 2]
    return Latency(
        seconds=middle,
        low=min(rounds),
        high=max(rounds),
        rounds=tuple(rounds),
        runs=10,
        wide=False,
        quiet_s=quiet,
        quiet_sigma_s=quiet_sigma,
    )


def stretch(anchor: Latency, **items: Latency) -> Stretch:
    return Stretch(
        kind="stretch",
        index=0,
        attempt=1,
        attempts=1,
        items=items,
        anchor=anchor,
        drift=0.0,
        state={},
        rejected=None,
    )


def steady(seconds: float, quiet: float | None = None) -> Latency:
    """The same in all rounds."""
    return latency([seconds] * 9, seconds if quiet is None else quiet)


def test_the_family_by_hand() -> None:
    item = latency([9, 1, 8, 2, 7, 3, 6, 4, 5], quiet=0.5)
    assert {by: seconds_by(item, by) for by in WORDS} == {"quiet": 0.5, "quarter": 3.0, "median": 5.0}


def test_the_spread_is_that_of_rounds_drawn_again() -> None:
    """Of two rounds, 1 and 2: both 1 in a quarter of the draws, both 2 in another, else one of each."""
    item = latency([1.0, 2.0], quiet=0.9, quiet_sigma=0.07)
    drawn: dict[Statistic, tuple[float, ...]] = {
        "median": (1.0, 1.5, 1.5, 2.0),
        "quarter": (1.0, 1.25, 1.25, 2.0),
    }
    for by, values in drawn.items():
        mean = sum(values) / 4
        expected = math.sqrt(sum((value - mean) ** 2 for value in values) / 4)
        assert sigma_by(item, by) == pytest.approx(expected, rel=0.2)
        assert sigma_by(item, by) == sigma_by(item, by)
    assert sigma_by(item, "quiet") == 0.07


def test_a_variance_is_that_of_anchors_and_what_is_left_in_timings() -> None:
    """Anchors 2 % to either side: a variance of 0.0008; of four timings one is known to 4 %."""
    rough = latency([3.0] * 9, 3.0, quiet_sigma=0.12)
    stretches = [stretch(steady(math.exp(0.02)), a=rough), stretch(steady(math.exp(-0.02)), b=steady(7.0))]
    assert variance(stretches, "quiet") == pytest.approx(0.0008 + 0.04**2 / 4)
    assert variance(stretches, "median") == pytest.approx(0.0008)
    assert variance(stretches[:1], "quiet") == pytest.approx(0.04**2 / 2)


def test_a_low_quantile_that_differs_from_stretch_to_stretch_is_not_taken() -> None:
    """Which sure timings alone would not show: every one is known to 0."""
    levels = [0.90, 0.94, 0.88, 0.92]
    stretches = [stretch(steady(1.0, quiet), a=steady(2.0)) for quiet in levels]
    assert steadiest(stretches) == "quarter"
    assert steadiest([stretch(steady(quiet, 0.9)) for quiet in levels]) == "quiet"


def test_rounds_that_jump_decide_between_the_three() -> None:
    """No round of nine, two or five that take 1.7 times as long, and a low quantile that varies by 2 %."""
    noise = (0.99, 1.01, 1.0, 0.985, 1.015, 1.0, 0.995, 1.005, 1.0)
    chosen = []
    for busy in (0, 2, 5):
        rounds = [level * (1.7 if number < busy else 1.0) for number, level in enumerate(noise)]
        stretches = [stretch(latency(rounds, 0.95 + k * 0.02, 0.015)) for k in range(3)]
        chosen.append(steadiest(stretches))
    assert chosen == ["median", "quarter", "quiet"]


def test_a_device_that_is_slower_at_times_is_so_by_every_statistic() -> None:
    rounds, speeds = [1.0, 1.01, 0.99, 1.02, 0.98], (1.0, 1.3, 0.8)
    for quiet_sigma, undisturbed in ((0.03, False), (0.0001, True)):
        item = latency(rounds, 0.97, quiet_sigma)
        slower = [latency([s * r for r in rounds], 0.97 * s, quiet_sigma * s) for s in speeds]
        chosen = steadiest([stretch(item)] * 3)
        assert (chosen == "quiet") is undisturbed
        assert steadiest([stretch(anchor) for anchor in slower]) == chosen


def test_where_all_repeat_alike_the_undisturbed_runs_count() -> None:
    assert steadiest([stretch(steady(1.0), a=steady(2.0))]) == "quiet"


def test_an_agent_that_does_not_tell_undisturbed_runs_leaves_the_rounds() -> None:
    item = latency([1.0, 2.0, 3.0], quiet=None)
    assert steadiest([stretch(item)]) != "quiet"
    assert seconds_by(item, "quiet") == 2.0
