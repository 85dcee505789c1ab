"""Energy and power of inference: from a meter where there is one, else modelled and marked as such."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wattnas.agent.energy import EnergyResult, Protocol, measure_energy
from wattnas.agent.meters import Meter
from wattnas.errors import MeterError
from wattnas.units import Z_95, Quantity

PROTOCOL = Protocol(windows=5, window_s=2.0, pause_s=1.0, idle_s=2.0, settle_s=0.5, marker_burn_s=1.0)
"""Shorter than that of a device profile, as every network is measured at every batch size."""


class Consumption(NamedTuple):
    """Of one call with a number of images."""

    energy: Quantity
    power: Quantity


def modelled(latency: Quantity, watts: float) -> Consumption:
    """Stated watts times measured seconds: no observation of power is in it."""
    source = f"{watts:g} W assumed times the latency; no meter was read"
    low, high = (None if end is None else end * watts for end in (latency.low, latency.high))
    energy = Quantity(
        value=latency.value * watts,
        unit="J",
        origin="modelled",
        low=low,
        high=high,
        source=source,
    )
    power = Quantity(value=watts, unit="W", origin="modelled", source="assumed; no meter was read")
    return Consumption(energy, power)


def measured(
    run: Callable[[], object],
    meter: Meter,
    protocol: Protocol = PROTOCOL,
    measure: Callable[..., EnergyResult] = measure_energy,
) -> Consumption:
    """Gross energy and mean power of one call of `run`.

    Args:
        run: runs the network once.
        meter: an open meter that tells its joules at once; it is not closed.
        protocol: how long and how often.
        measure: the measurement itself.

    Raises:
        MeterError: the meter could not be read, or what it said does not count; says why.
    """
    result = measure(run, meter, protocol)
    joules, watts = result.joules, result.watts
    if result.rejected is not None or joules is None or watts is None:
        raise MeterError(f"The energy does not count: {result.rejected}.", "See docs/meters.md.")
    source = f"{result.meter}: {result.domain}; gross, {result.runs} runs"
    relative = None if result.sigma_j is None else Z_95 * result.sigma_j / joules
    return Consumption(
        _quantity(joules, "J", relative, len(result.windows), source),
        _quantity(watts, "W", relative, len(result.windows), source),
    )


def _quantity(value: float, unit: str, relative: float | None, n: int, source: str) -> Quantity:
    """`value` with an interval of `relative` to either side."""
    ends = (
        {} if relative is None else {"low": max(value * (1 - relative), 0.0), "high": value * (1 + relative)}
    )
    return Quantity.model_validate(
        {"value": value, "unit": unit, "origin": "measured", "n": n, "source": source, **ends}
    )
