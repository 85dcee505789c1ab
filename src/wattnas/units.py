"""Seconds, joules, bytes, counts: the one place that parses and prints them; numbers with their origin."""

from __future__ import annotations

import math
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wattnas.errors import ConfigError

Z_95 = 1.959963985
"""97.5 % quantile of the standard normal distribution: half a 95 % interval, in standard deviations."""

Origin = Literal["measured", "predicted", "modelled", "literature"]

_NUMBER = re.compile(r"\s*((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([A-Za-zµμ]*)\s*")
_SECONDS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_SECONDS |= {"min": 60.0, "m": 60.0, "h": 3600.0}
_JOULES = {"": 1.0, "J": 1.0, "mJ": 1e-3, "uJ": 1e-6, "µJ": 1e-6, "μJ": 1e-6, "kJ": 1e3, "Wh": 3600.0}
_BYTES = {"": 1.0, "B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9}
_BYTES |= {"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
_COUNT = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}


class Quantity(BaseModel):
    """A number with unit, origin and spread, as it is stored in every file.

    Attributes:
        value: the number, in `unit`.
        unit: "s", "J", "W", "B" or "1".
        origin: how it came about; a modelled number was computed from stated assumptions, never observed.
        low, high: 95 % interval in `unit`, where known; both or neither.
        n: how many observations stand behind it, where known.
        source: device, runtime, threads, date or publication it came from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float
    unit: Literal["s", "J", "W", "B", "1"]
    origin: Origin
    low: float | None = None
    high: float | None = None
    n: int | None = Field(default=None, ge=1)
    source: str

    @model_validator(mode="after")
    def _whole_interval(self) -> Quantity:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high go together: give both or neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


def _parse(text: str, units: dict[str, float], what: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or match[2] not in units:
        known = ", ".join(u for u in units if u)
        raise ConfigError(f"{text!r} is not {what}.", f"Write a number and one of {known}.")
    value = float(match[1]) * units[match[2]]
    if not math.isfinite(value):
        raise ConfigError(f"{text!r} is too large for {what}.", "Write a smaller number.")
    return value


def parse_seconds(text: str) -> float:
    """Seconds in "5ms", "250us", "1.5s", "2min"; a bare number is seconds."""
    return _parse(text, _SECONDS, "a time")


def parse_joules(text: str) -> float:
    """Joules in "0.4J", "12mJ", "1Wh"; a bare number is joules."""
    return _parse(text, _JOULES, "an energy")


def parse_bytes(text: str) -> float:
    """Bytes in "2MB" (10^6) or "2MiB" (2^20); a bare number is bytes."""
    return _parse(text, _BYTES, "a size")


def parse_count(text: str) -> float:
    """A count in "300k", "1.2M"; a bare number is itself."""
    return _parse(text, _COUNT, "a count")


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    # What is printed decides: 0.99999 s is printed as 1 s, not as 1000 ms.
    printed = abs(float(f"{value:.4g}"))
    for scale, unit in steps:
        if printed >= scale:
            return f"{value / scale:.4g} {unit}"
    scale, unit = steps[-1]
    return f"{value / scale:.4g} {unit}"


def format_seconds(seconds: float) -> str:
    """Seconds for people: "4.2 ms"."""
    return _scaled(seconds, ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")))


def format_joules(joules: float) -> str:
    """Joules for people: "12.5 mJ"."""
    return _scaled(joules, ((1.0, "J"), (1e-3, "mJ"), (1e-6, "uJ")))


def format_watts(watts: float) -> str:
    """Watts for people: "2.5 W"."""
    return _scaled(watts, ((1.0, "W"), (1e-3, "mW"), (1e-6, "uW")))


def format_bytes(size: float) -> str:
    """Bytes for people, decimal: "2.1 MB"."""
    return _scaled(size, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")))


def format_count(count: float) -> str:
    """A count for people: "324.6 k"."""
    return _scaled(count, ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))).strip()


def format_duration(seconds: float) -> str:
    """A wall time for people: "3 min 20 s"; "unknown" where it is not finite."""
    if not math.isfinite(seconds):
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {secs} s"
