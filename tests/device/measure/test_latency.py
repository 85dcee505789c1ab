from __future__ import annotations

from collections.abc import Callable

import pytest

from wattnas.device.measure import Protocol, summarise, time_rounds
from wattnas.device.measure.latency import RESOLUTION_S

PROTOCOL = Protocol(rounds=7, min_rounds=3, warmup_s=0.05, window_s=0.02, min_runs=3, budget_s=1e9)


class FakeTime:
    """A clock that only moves when an item runs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def clock(self) -> float:
        return self.now

    def item(self, name: str, seconds: Callable[[int], float]) -> Callable[[], None]:
        """An item whose k-th run (from 0) takes `seconds(k)`."""
        runs = 0

        def run() -> None:
            nonlocal runs
            self.now += seconds(runs)
            runs += 1
            self.log.append(name)

        return run


def test_a_steady_item_is_timed_exactly() -> None:
    fake = FakeTime()
    items = {"fast": fake.item("fast", lambda _: 1e-3), "slow": fake.item("slow", lambda _: 1.0)}
    found = time_rounds(items, PROTOCOL, fake.clock)
    assert found == {"fast": pytest.approx([1e-3] * 7), "slow": pytest.approx([1.0] * 7)}


def test_stray_slow_runs_do_not_decide() -> None:
    fake = FakeTime()
    found = time_rounds({"a": fake.item("a", lambda k: 0.5 if k % 5 == 0 else 1e-3)}, PROTOCOL, fake.clock)
    assert found["a"] == pytest.approx([1e-3] * 7)


def test_slow_first_runs_are_warm_up() -> None:
    """The first ten runs are cold: 50 ms of them end before the first round."""
    fake = FakeTime()
    found = time_rounds({"a": fake.item("a", lambda k: 6e-3 if k < 9 else 1e-3)}, PROTOCOL, fake.clock)
    assert found["a"] == pytest.approx([1e-3] * 7)


def windows(log: list[str]) -> list[str]:
    """The items in the order they came, repeats of one left out."""
    return [name for index, name in enumerate(log) if index == 0 or log[index - 1] != name]


def test_items_take_turns_in_an_order_that_changes_and_repeats_with_the_seed() -> None:
    def order(seed: int) -> list[str]:
        fake = FakeTime()
        items = {name: fake.item(name, lambda _: 1e-3) for name in "abcdef"}
        time_rounds(items, Protocol(rounds=7, seed=seed, warmup_s=0.0, window_s=0.0), fake.clock)
        return fake.log

    log = order(0)
    assert order(0) == log
    assert order(1) != log
    each_round = [log[start : start + 24] for start in range(18, len(log), 24)]  # 6 items: 1 + 3 runs each
    assert len(each_round) == 7
    assert all(sorted(windows(part)) == list("abcdef") for part in each_round)
    assert len({tuple(windows(part)) for part in each_round}) > 1


def test_a_drift_meets_all_items_alike() -> None:
    """A machine that slows down by half in the middle leaves the ratio of two items as it is."""
    fake = FakeTime()

    def cost(seconds: float) -> Callable[[int], float]:
        return lambda _: seconds * (1.5 if fake.now > 0.3 else 1.0)

    items = {"one": fake.item("one", cost(1e-3)), "two": fake.item("two", cost(2e-3))}
    found = time_rounds(items, PROTOCOL, fake.clock)
    ratios = [two / one for one, two in zip(found["one"], found["two"], strict=True)]
    assert sorted(ratios)[3] == pytest.approx(2.0)


def test_a_spent_budget_ends_after_the_least_number_of_rounds() -> None:
    fake = FakeTime()
    protocol = Protocol(rounds=9, min_rounds=4, warmup_s=0.0, window_s=0.0, min_runs=1, budget_s=5.0)
    heard: list[int] = []
    found = time_rounds({"a": fake.item("a", lambda _: 10.0)}, protocol, fake.clock, heard.append)
    assert found == {"a": [10.0] * 4}
    assert heard == [1, 2, 3, 4]


def test_the_null_session_is_subtracted_round_by_round() -> None:
    found = summarise([5.0, 7.0, 6.0], [2.0, 4.0, 3.0])
    assert (found.seconds, found.low, found.high, found.n) == (3.0, 3.0, 3.0, 3)


def test_the_interval_of_a_median_of_seven() -> None:
    """Of 1..7, a resampled median is 1 with probability 0.010 and at most 2 with 0.10 (binomial tail with
    7 draws), so the 2.5 % quantile is 2 and, mirrored, the 97.5 % quantile is 6."""
    found = summarise([4.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0], [0.0] * 7)
    assert (found.seconds, found.low, found.high) == (4.0, 2.0, 6.0)


def test_work_is_never_free() -> None:
    found = summarise([1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
    assert (found.seconds, found.low, found.high) == (RESOLUTION_S, RESOLUTION_S, RESOLUTION_S)
