from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock, Hand
from wattnas.agent.meters.base import Hiccup
from wattnas.agent.meters.power import PowerMeter, Sample, longest_gap, sampling_sigma, trapezoid
from wattnas.errors import MeterError


class Supply:
    """A power that can be set, and fail."""

    def __init__(self, watts: float = 5.0) -> None:
        self.watts = watts
        self.error: Exception | None = None

    def __call__(self) -> float:
        if self.error is not None:
            raise self.error
        return self.watts


class TestPowerMeter(MeterContract):
    name = "test"

    @pytest.fixture
    def rig(self) -> Rig:
        supply = Supply()
        meter = PowerMeter("test", "a supply", supply, period_s=0.001)

        def break_it() -> None:
            supply.error = MeterError("gone")

        return Rig(meter, lambda reading: 5.0 * reading.seconds, break_it=break_it)


def build(supply: Supply) -> tuple[PowerMeter, FakeClock, Hand]:
    clock, hand = FakeClock(), Hand()
    return PowerMeter("m", "d", supply, gap_s=1.5, clock=clock, ticker=hand), clock, hand


def go(clock: FakeClock, seconds: float, then: Callable[[], object]) -> None:
    clock.sleep(seconds)
    then()


def test_the_integral_of_a_ramp_by_hand() -> None:
    # 2 W to 4 W in 1 s, 4 W to 4 W in 0.5 s: 3 J + 2 J
    samples = [Sample(0.0, 2.0), Sample(1.0, 4.0), Sample(1.5, 4.0)]
    assert trapezoid(samples) == pytest.approx(5.0)
    assert longest_gap(samples) == 1.0


def test_power_that_changes_is_integrated_over_the_times_it_was_read() -> None:
    supply = Supply(2.0)
    meter, clock, hand = build(supply)
    meter.start()
    supply.watts = 4.0
    go(clock, 1.0, hand.tick)
    clock.sleep(0.5)
    reading = meter.stop()
    assert reading.joules == pytest.approx(5.0)
    assert (reading.seconds, reading.samples) == (1.5, 3)
    assert hand.stopped == 1


def test_a_gap_is_an_error_and_the_next_measurement_is_none() -> None:
    meter, clock, hand = build(Supply())
    meter.start()
    go(clock, 1.0, hand.tick)
    clock.sleep(1.6)
    with pytest.raises(MeterError, match=r"no reading for 1\.6 s"):
        meter.stop()
    meter.start()
    clock.sleep(1.0)
    assert meter.stop().joules == pytest.approx(5.0)


def test_a_reading_that_fails_is_left_out_and_told() -> None:
    supply = Supply()
    meter, clock, hand = build(supply)
    meter.start()
    supply.error = Hiccup("busy")
    go(clock, 0.5, lambda: hand.tick() or pytest.fail("a hiccup ends nothing"))
    supply.error = None
    clock.sleep(0.5)
    reading = meter.stop()
    assert reading.joules == pytest.approx(5.0)
    assert reading.notes == ("1 readings failed and were left out",)


def test_readings_that_keep_failing_make_a_gap() -> None:
    supply = Supply()
    meter, clock, hand = build(supply)
    meter.start()
    supply.error = Hiccup("busy")
    for _ in range(4):
        go(clock, 0.5, hand.tick)
    supply.error = None
    with pytest.raises(MeterError, match="4 readings failed"):
        meter.stop()


@pytest.mark.parametrize("watts", [math.nan, math.inf, -0.1, 1e6])
def test_a_power_that_cannot_be_ends_the_measurement(watts: float) -> None:
    supply = Supply()
    meter, clock, hand = build(supply)
    meter.start()
    supply.watts = watts
    clock.sleep(0.1)
    assert not hand.tick()
    supply.watts = 5.0
    with pytest.raises(MeterError, match="reads"):
        meter.stop()


def test_an_unforeseen_failure_in_the_thread_is_not_lost() -> None:
    supply = Supply()
    meter, _, hand = build(supply)
    meter.start()
    supply.error = ZeroDivisionError("oops")
    assert not hand.tick()
    supply.error = None
    with pytest.raises(MeterError, match="oops"):
        meter.stop()


def test_no_power_at_all_is_an_error() -> None:
    meter, clock, _ = build(Supply(0.0))
    meter.start()
    clock.sleep(1.0)
    with pytest.raises(MeterError, match="no device uses nothing"):
        meter.stop()


def test_the_spread_is_that_of_a_mean_of_independent_samples() -> None:
    # standard deviation of 4, 6, 4, 6, 4 is sqrt(6/5) by hand; times 8 s over sqrt(5)
    samples = [Sample(2.0 * i, 4.0 + 2.0 * (i % 2)) for i in range(5)]
    assert sampling_sigma(samples) == pytest.approx(math.sqrt(6 / 5) / math.sqrt(5) * 8)
    assert sampling_sigma(samples[:2]) is None
