"""The latency protocol, by scripted clocks. Seconds are powers of two where they must be exact."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.agent.clocks import FakeTime
from wattnas.agent.timing import (
    Protocol,
    Stretch,
    bootstrap_median,
    drift_of,
    quiet_level,
    summarise,
    time_runs,
    time_stretch,
)
from wattnas.errors import ConfigError, WattnasError

RUN = 2**-7
# A warm-up of one run, then rounds of one run before the window and three in it.
SHORT = Protocol(window_s=0.0, warmup_s=0.0, warmup_runs=1)
OF_A_ROUND = 4


def by_round(seconds: Callable[[int], float]) -> Callable[[int], float]:
    """An item that takes `seconds(k)` in round k, from 0, by the protocol SHORT."""
    return lambda run: seconds(max(run - 1, 0) // OF_A_ROUND)


def stretch_of(fake: FakeTime, protocol: Protocol = SHORT, **items: Callable[[int], float]) -> Stretch:
    """The stretch of these items with an anchor of a second."""
    runs = {name: fake.item(name, seconds) for name, seconds in items.items()}
    return time_stretch(runs, fake.steady("the anchor", 1.0), protocol, fake.clock)


def alternating(log: list[str]) -> list[str]:
    """The items in the order they came, repeats of one left out."""
    return [name for index, name in enumerate(log) if index == 0 or log[index - 1] != name]


# How long and how often


@pytest.mark.parametrize(
    ("seconds", "warm", "window"),
    [
        (RUN, 64, 13),  # half a second is 64 runs, a tenth 12.8
        (2.0**-4, 10, 3),  # 8 runs are half a second, 1.6 a tenth: the counts decide
        (1.0, 10, 3),
    ],
)
def test_half_a_second_or_ten_runs_then_nine_rounds_of_a_tenth_or_three_runs(
    seconds: float, warm: int, window: int
) -> None:
    alone = FakeTime()
    found = time_runs(alone.steady("a", seconds), Protocol(), alone.clock)
    assert (found.seconds, found.low, found.high, found.quiet_s) == (seconds,) * 4
    assert (found.rounds, found.runs, found.wide) == ((seconds,) * 9, 9 * window, False)
    assert alone.runs("a") == warm + 9 * window
    fake = FakeTime()
    in_company = stretch_of(fake, Protocol(), a=lambda _: seconds).items["a"]
    assert in_company == found
    assert fake.runs("a") == warm + 9 * (1 + window)  # one run before each window brings the caches back


def test_what_is_cold_at_first_is_warm_up() -> None:
    fake = FakeTime()
    found = time_runs(fake.item("a", lambda k: 1.0 if k < 10 else RUN), Protocol(), fake.clock)
    assert (found.seconds, found.high) == (RUN, RUN)


def test_the_run_after_another_item_does_not_count() -> None:
    """It finds the caches as the item before it left them."""
    fake = FakeTime()

    def first_is_slow(run: int) -> float:
        return 5.0 if (run - 1) % OF_A_ROUND == 0 else 1.0

    assert stretch_of(fake, a=first_is_slow).items["a"].rounds == (1.0,) * 9


def test_stray_runs_decide_nothing() -> None:
    fake = FakeTime()
    found = time_runs(fake.item("a", lambda k: 1.0 if k % 5 == 0 else RUN), Protocol(), fake.clock)
    assert (found.seconds, found.low, found.high, found.quiet_s) == (RUN,) * 4


# The order


def test_each_round_is_the_anchor_once_and_every_item_in_an_order_that_repeats_with_the_seed() -> None:
    def log(seed: int) -> list[str]:
        fake = FakeTime()
        protocol = Protocol(window_s=0.0, warmup_s=0.0, warmup_runs=1, seed=seed)
        stretch_of(fake, protocol, **{name: lambda _: RUN for name in "abcdef"})
        return fake.log

    found = log(0)
    assert log(0) == found
    assert log(1) != found
    a_round = 7 * OF_A_ROUND
    rounds = [alternating(found[start : start + a_round]) for start in range(7, 7 + 9 * a_round, a_round)]
    assert len(found) == 7 + 9 * a_round
    assert all(names[0] == "the anchor" and sorted(names[1:]) == list("abcdef") for names in rounds)
    assert len({tuple(names) for names in rounds}) > 1


def test_a_slower_machine_meets_all_items_alike() -> None:
    """A machine that loses a third of its speed half-way leaves the ratio of two items as it is."""
    fake = FakeTime()
    one = fake.item("one", lambda _: 1.5 if fake.now > 60 else 1.0)
    two = fake.item("two", lambda _: 3.0 if fake.now > 60 else 2.0)
    found = time_stretch({"one": one, "two": two}, fake.steady("anchor", 0.25), SHORT, fake.clock).items
    assert set(found["one"].rounds) == {1.0, 1.5}
    ratios = sorted(b / a for a, b in zip(found["one"].rounds, found["two"].rounds, strict=True))
    assert ratios[len(ratios) // 2] == 2.0


def test_an_item_may_have_the_name_of_the_anchor() -> None:
    fake = FakeTime()
    found = time_stretch(
        {"anchor": fake.steady("the item", 3.0)}, fake.steady("the anchor", 1.0), SHORT, fake.clock
    )
    assert (found.items["anchor"].seconds, found.anchor.seconds) == (3.0, 1.0)
    assert fake.runs("the anchor") == fake.runs("the item") == 1 + 9 * OF_A_ROUND


def test_no_items_is_the_anchor_alone() -> None:
    found = stretch_of(FakeTime())
    assert (found.items, found.anchor.seconds, len(found.anchor.rounds)) == ({}, 1.0, 9)


# What it comes to


def test_the_median_over_rounds_of_the_medians_within() -> None:
    """Neither the mean of all runs nor their median, which is 3."""
    windows = [[1.0, 2.0, 9.0], [3.0, 3.0, 3.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0], [8.0, 1.0, 7.0]]
    found = summarise(windows, 0.02)
    assert found.rounds == (2.0, 3.0, 4.5, 7.0)
    assert (found.seconds, found.runs) == (3.75, 15)
    assert 2.0 <= found.low <= 3.75 <= found.high <= 7.0


def test_the_undisturbed_latency_is_the_run_that_one_in_twenty_undercuts() -> None:
    """Of 41 runs of 0..40 s the 5 % quantile is the third, whatever the round it fell into."""
    runs = [float(k) for k in range(41)]
    random.Random(0).shuffle(runs)
    assert quiet_level([runs[:7], runs[7:20], runs[20:]]) == pytest.approx(2.0)


def test_the_interval_of_a_median_of_seven() -> None:
    """Of 1..7, a resampled median is 1 with probability 0.010 and at most 2 with 0.10 (binomial tail with
    7 draws), so the 2.5 % quantile is 2 and, mirrored, the 97.5 % quantile is 6."""
    assert bootstrap_median([4.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0]) == (2.0, 6.0)


def test_the_interval_is_the_same_at_each_call_and_nothing_without_spread() -> None:
    values = [float(k) for k in range(11)]
    assert bootstrap_median(values) == bootstrap_median(values)
    assert bootstrap_median([4.0] * 9) == (4.0, 4.0)


def test_a_clock_too_coarse_to_see_a_run_ends_and_says_nothing_of_it() -> None:
    """Runs of 1/128 s by a clock with ticks of a quarter of a second: all but one take no time at all."""
    fake = FakeTime()
    ticks = [lambda: fake.now // 0.25 * 0.25]
    alone = time_runs(fake.steady("a", RUN), Protocol(), ticks[0])
    assert (alone.seconds, alone.low, alone.high, alone.quiet_s, alone.wide) == (0.0, 0.0, 0.0, 0.0, False)
    assert len(alone.rounds) == 9
    run = fake.steady("b", RUN)
    found = time_stretch({"b": run}, run, Protocol(), ticks[0])
    assert (found.items["b"].seconds, found.drift, found.rejected) == (0.0, 0.0, None)


# More rounds


def slower_and_slower(at: int) -> float:
    """A quarter more in every round: which level is the undisturbed one hangs on the first rounds alone."""
    return 1.0 + at / 4


def settling(at: int) -> float:
    """Only the ninth round and those after it are undisturbed."""
    return 1.0 if at >= 8 else 2.0


def often_disturbed(at: int) -> float:
    """A third of the rounds take half as long again."""
    return 1.5 if at % 3 == 0 else 1.0


def test_only_uncertain_items_get_more_rounds_up_to_the_cap_and_are_flagged() -> None:
    fake = FakeTime()
    items = {"still": lambda _: 1.0, "restless": by_round(slower_and_slower), "late": by_round(settling)}
    found = stretch_of(fake, SHORT, **items)
    still, restless, late = (found.items[name] for name in items)
    assert (len(still.rounds), still.wide) == (9, False)
    assert (len(restless.rounds), restless.wide) == (15, True)
    assert not late.wide
    assert 9 < len(late.rounds) < 15
    assert late.quiet_s == 1.0
    assert len(found.anchor.rounds) == 15  # once in each round that there was
    assert fake.runs("still") == 1 + 9 * OF_A_ROUND


def test_disturbances_alone_ask_for_no_more_rounds() -> None:
    """What an item takes undisturbed is certain where most rounds show it, however the medians jump."""
    found = stretch_of(FakeTime(), a=by_round(often_disturbed)).items["a"]
    assert (len(found.rounds), found.wide, found.quiet_s, found.quiet_sigma_s) == (9, False, 1.0, 0.0)
    assert (found.low, found.high) == (1.0, 1.5)


@pytest.mark.parametrize(("seconds", "rounds"), [(slower_and_slower, 15), (often_disturbed, 9)])
def test_alone_it_is_the_same(seconds: Callable[[int], float], rounds: int) -> None:
    fake = FakeTime()
    by_window = fake.item("a", lambda k: seconds(max(k - 1, 0) // 3))  # no run before a window
    found = time_runs(by_window, SHORT, fake.clock)
    assert (len(found.rounds), found.wide) == (rounds, rounds == 15)


# Drift


def test_drift_is_the_least_of_the_last_third_against_that_of_the_first() -> None:
    assert drift_of([1.0, 1.1, 1.2, 5.0, 5.0, 5.0, 1.5, 1.3, 1.25]) == pytest.approx(0.25)
    assert drift_of([2.0, 2.0, 2.0, 1.0, 1.0, 1.0]) == pytest.approx(1.0)  # faster counts too
    assert drift_of([1.0]) == 0.0
    assert drift_of([0.0, 0.0, 1.0]) == 0.0


@pytest.mark.parametrize(
    ("late", "rejected"),
    [
        ([1.04, 1.04, 1.04], "the anchor drifted by 4.0%"),
        ([0.96, 0.96, 0.96], "the anchor drifted by 4.2%"),  # of the least
        ([1.02, 1.02, 1.02], None),
        ([1.5, 1.0, 1.5], None),  # disturbed, and as fast as ever
    ],
)
def test_a_stretch_whose_anchor_drifts_by_more_than_three_percent_is_rejected(
    late: list[float], rejected: str | None
) -> None:
    fake = FakeTime()
    anchor = fake.item("anchor", by_round(lambda at: 1.0 if at < 6 else late[at - 6]))
    found = time_stretch({"a": fake.steady("a", 1.0)}, anchor, SHORT, fake.clock)
    assert found.rejected == rejected
    assert found.anchor.rounds == pytest.approx((1.0,) * 6 + tuple(late))
    assert found.items["a"].seconds == 1.0  # it is kept, for want of a better one


# The protocol


def test_a_protocol_survives_json() -> None:
    protocol = Protocol(rounds=3, max_rounds=4, window_s=0.01, seed=7)
    assert Protocol.from_json(json.loads(json.dumps(protocol.to_json()))) == protocol
    assert Protocol.from_json({}) == Protocol()


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: value} for name in ("rounds", "min_runs", "warmup_runs", "attempts") for value in (0, 1.5)),
        {"max_rounds": 8},
        {"max_rounds": 9.5},
        {"max_rounds": float("nan")},
        {"max_rounds": "15"},
        {"rounds": True},
        {"rounds": None},
        {"window_s": -0.1},
        {"window_s": float("nan")},
        {"warmup_s": float("inf")},
        {"warmup_s": 3601},
        {"warmup_s": 10**400},
        {"half_width": "0.02"},
        {"drift": None},
        {"seed": 1.5},
        {"seed": [1]},
        {"speed": 1},
        [],
        None,
        "rounds",
    ],
)
def test_what_is_no_protocol_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        Protocol.from_json(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON | st.dictionaries(st.sampled_from(sorted(Protocol().to_json())), JSON | st.integers(1, 20)))
@example({"max_rounds": float("inf")})
def test_random_json_is_a_protocol_that_can_be_followed_or_an_error_of_ours(raw: Any) -> None:
    try:
        found = Protocol.from_json(raw)
    except WattnasError as error:
        assert "\n" not in str(error)
        return
    assert range(found.max_rounds)[found.rounds - 1 :]
    random.Random(found.seed)
    assert all(0 <= x <= 3600 for x in (found.window_s, found.warmup_s, found.half_width, found.drift))
