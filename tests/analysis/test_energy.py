"""Energy from a meter, and without one."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.analysis.models import quantity
from wattnas.analysis.energy import measured, modelled
from wattnas.units import Quantity


class Reading(NamedTuple):
    joules: float
    seconds: float


class Replay:
    """A meter of a device that draws 5 W; its clock goes on by 0.1 s per call."""

    name = "replay"

    def __init__(self) -> None:
        self.now, self.begin = 0.0, 0.0

    def clock(self) -> float:
        return self.now

    def run(self) -> None:
        self.now += 0.1

    def start(self) -> None:
        self.begin = self.now

    def stop(self) -> Reading:
        return Reading(5.0 * (self.now - self.begin), self.now - self.begin)


def test_a_meter_gives_energy_per_call_and_power() -> None:
    meter = Replay()
    energy, power = measured(meter.run, meter, seconds=2.0, windows=4, clock=meter.clock)
    assert energy.value == pytest.approx(0.5) and power.value == pytest.approx(5.0)
    assert (energy.origin, energy.unit, power.unit, energy.n) == ("measured", "J", "W", 4)
    assert energy.low == pytest.approx(0.5) and "replay" in energy.source


def test_without_a_meter_it_is_modelled_and_says_so() -> None:
    latency = Quantity(value=0.2, unit="s", origin="measured", low=0.1, high=0.3, n=9, source="here")
    energy, power = modelled(latency, watts=4.0)
    assert (energy.value, energy.low, energy.high) == pytest.approx((0.8, 0.4, 1.2))
    assert energy.origin == power.origin == "modelled" and "4 W assumed" in energy.source
    assert modelled(quantity(0.2, "s")).energy.low is None
