from __future__ import annotations

import math

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock, Hand
from wattnas.agent.meters.counter import Counter, CounterMeter, grown
from wattnas.errors import MeterError


class Count:
    """A counter that can be set, and fail."""

    def __init__(self, value: int = 100) -> None:
        self.value = value
        self.error: Exception | None = None

    def __call__(self) -> int:
        if self.error is not None:
            raise self.error
        return self.value

    def add(self, more: int) -> None:
        self.value += more


class TestCounterMeter(MeterContract):
    name = "test"

    @pytest.fixture
    def rig(self) -> Rig:
        one, two = Count(), Count(7)
        counters = [Counter("one", one, 0.5), Counter("two", two, 2.0)]

        def use() -> None:
            one.add(10)
            two.add(3)

        def break_it() -> None:
            two.error = MeterError("gone")

        return Rig(CounterMeter("test", "two counters", counters), lambda _: 11.0, use, break_it)


def build(count: Count, wraps_at: int | None = None) -> tuple[CounterMeter, FakeClock, Hand]:
    clock, hand = FakeClock(), Hand()
    counter = Counter("the counter", count, 1.0, wraps_at)
    return CounterMeter("m", "d", [counter], 0.1, clock=clock, ticker=hand), clock, hand


def test_a_wrap_around_is_undone() -> None:
    count = Count(990)
    meter, clock, _ = build(count, wraps_at=1000)
    meter.start()
    clock.sleep(0.1)
    count.value = 5
    assert meter.stop().joules == 15.0


def test_wrapping_twice_is_seen_by_looking_in_between() -> None:
    count = Count(900)
    meter, clock, hand = build(count, wraps_at=1000)
    meter.start()
    for value in (300, 800, 200, 700):  # 400 + 500 + 400 + 500
        clock.sleep(0.4)
        count.value = value
        assert hand.tick()
    clock.sleep(0.1)
    assert meter.stop().joules == 1800.0


def test_a_counter_that_may_have_wrapped_twice_unseen_is_an_error() -> None:
    with pytest.raises(MeterError, match="may have wrapped twice"):
        grown(Counter("c", Count(), 1.0, 1000), 900, 100, seconds=5.0)


def test_going_backwards_without_a_limit_is_an_error() -> None:
    count = Count(990)
    meter, clock, _ = build(count)
    meter.start()
    clock.sleep(1.0)
    count.value = 5
    with pytest.raises(MeterError, match="from 990 to 5, and nothing says where it wraps"):
        meter.stop()


def test_a_limit_below_the_count_is_an_error() -> None:
    with pytest.raises(MeterError, match="said to wrap at 100"):
        grown(Counter("c", Count(), 1.0, 100), 990, 5, seconds=0.01)


def test_a_counter_that_stands_still_is_frozen() -> None:
    meter, clock, _ = build(Count())
    meter.start()
    clock.sleep(10.0)
    with pytest.raises(MeterError, match="did not move in 10 s"):
        meter.stop()


def test_one_frozen_counter_of_two_is_an_error_too() -> None:
    moving, clock = Count(), FakeClock()
    counters = [Counter("moving", moving, 1.0), Counter("frozen", Count(), 1.0)]
    meter = CounterMeter("m", "d", counters, clock=clock, ticker=Hand())
    meter.start()
    clock.sleep(1.0)
    moving.add(5)
    with pytest.raises(MeterError, match="frozen did not move"):
        meter.stop()


@pytest.mark.parametrize(("old", "new", "wraps_at"), [(0, 50_000, None), (500_000, 3, 1_000_000)])
def test_a_counter_that_was_reset_is_no_energy(old: int, new: int, wraps_at: int | None) -> None:
    count = Count(old)
    meter, clock, _ = build(count, wraps_at)
    meter.start()
    clock.sleep(1.0)
    count.value = new
    with pytest.raises(MeterError, match="was reset"):
        meter.stop()


def test_a_failure_in_the_thread_is_told_at_the_end() -> None:
    count = Count()
    meter, clock, hand = build(count)
    meter.start()
    count.error = MeterError("hidden")
    assert not hand.tick()
    count.error = None
    clock.sleep(1.0)
    count.add(5)
    with pytest.raises(MeterError, match="hidden"):
        meter.stop()


def test_a_counter_that_cannot_be_read_makes_no_meter() -> None:
    count = Count()
    count.error = MeterError("no")
    with pytest.raises(MeterError, match="no"):
        build(count)


def test_the_spread_comes_from_the_steps_of_the_counter() -> None:
    count = Count()
    meter, clock, _ = build(count)
    meter.start()
    clock.sleep(10.0)
    count.add(50)
    # 5 W; each end within a step of 0.1 s: variance 2 * 0.1^2 / 12
    assert meter.stop().sigma_j == pytest.approx(5 * math.sqrt(2 * 0.1**2 / 12))
