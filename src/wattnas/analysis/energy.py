"""Energy and power of inference: from a meter where there is one, else modelled and marked as such."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from wattnas.units import Quantity

DEFAULT_WATTS = 10.0


class MeterReading(Protocol):
    """What a meter says of a stretch of time."""

    @property
    def joules(self) -> float:
        """Energy of the stretch."""

    @property
    def seconds(self) -> float:
        """Its length."""


class Meter(Protocol):
    """Something that tells the energy of a stretch of time on this machine."""

    name: str

    def start(self) -> None:
        """The stretch begins."""

    def stop(self) -> MeterReading:
        """The stretch ends."""


class Consumption(NamedTuple):
    """Of one call with a number of images."""

    energy: Quantity
    power: Quantity


def modelled(latency: Quantity, watts: float = DEFAULT_WATTS) -> Consumption:
    """Stated watts times measured seconds: no observation of power is in it."""
    source = f"{watts:g} W assumed times the latency; no energy meter on this machine"
    low, high = (None if end is None else end * watts for end in (latency.low, latency.high))
    energy = Quantity(
        value=latency.value * watts,
        unit="J",
        origin="modelled",
        low=low,
        high=high,
        source=source,
    )
    power = Quantity(
        value=watts, unit="W", origin="modelled", source="assumed; no energy meter on this machine"
    )
    return Consumption(energy, power)


def measured(
    run: Callable[[], object],
    meter: Meter,
    *,
    seconds: float = 2.0,
    windows: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Consumption:
    """Energy and mean power of one call of `run`, from `windows` stretches that share `seconds`.

    The interval is the mean's, from the spread between windows (normal, 95 %).
    """
    run()
    energies, powers = [], []
    for _ in range(windows):
        calls, begin = 0, clock()
        meter.start()
        while calls == 0 or clock() - begin < seconds / windows:
            run()
            calls += 1
        reading = meter.stop()
        energies.append(reading.joules / calls)
        powers.append(reading.joules / reading.seconds)
    return Consumption(
        _mean(energies, "J", f"meter {meter.name}, idle power included"),
        _mean(powers, "W", f"meter {meter.name}, idle power included"),
    )


def _mean(values: list[float], unit: str, source: str) -> Quantity:
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1))
    half = 1.96 * spread / math.sqrt(len(values))
    return Quantity.model_validate(
        {
            "value": mean,
            "unit": unit,
            "origin": "measured",
            "low": mean - half,
            "high": mean + half,
            "n": len(values),
            "source": source,
        }
    )
