"""The protocol of an energy: a network runs in windows of many seconds, between stretches of rest.

Power and time come from the same windows. What a run costs is kept three ways: gross (all that the meter saw,
the primary one, since a device pays for its idle power too while it computes), idle, and net (gross less
idle). Idle power is taken before and after; where it changed, where the device was throttled, or where the
meter saw no more under load than at rest, the result says so in `rejected` and gives no advice to anyone.

A meter that is read later, from a log, gets a marker instead (idle, burn, idle) and the times of all windows;
see `agent/resolve.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from wattnas.agent.energy_result import EnergyResult, Window
from wattnas.agent.meters import Marker, Meter
from wattnas.agent.state import read_state, throttled_between
from wattnas.errors import ConfigError
from wattnas.machine import read_line

__all__ = ["EnergyResult", "Protocol", "Window", "measure_energy", "throttle_watch"]

Clock = Callable[[], float]
Sleep = Callable[[float], object]
Run = Callable[[], object]
Throttled = Callable[[], "str | None"]

_BOOT = "proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Protocol:
    """How long and how often; all lengths in seconds.

    Attributes:
        windows: stretches in which the network runs.
        window_s: length of each, at least.
        pause_s: rest before each window but the first, and before idle power is taken.
        idle_s: length of each of the two stretches of idle power.
        settle_s: how long the network runs before each window, so that clock and power are steady in it.
        drift: change of idle power, over its first value, that rejects the result.
        marker_idle_s: idle before and after the marker's burn, for a meter that is read from a log.
        marker_burn_s: the marker's burn; at most 0.6 windows, so that none of them looks like it.
    """

    windows: int = 5
    window_s: float = 10.0
    pause_s: float = 10.0
    idle_s: float = 10.0
    settle_s: float = 1.0
    drift: float = 0.05
    marker_idle_s: float = 6.0
    marker_burn_s: float = 6.0

    def __post_init__(self) -> None:
        count, lengths = self.windows, [getattr(self, field.name) for field in fields(self)[1:]]
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 1000:
            raise ConfigError(f"{count!r} windows cannot be measured.", "Give a whole number from 1 to 1000.")
        for length in lengths:
            if isinstance(length, bool) or not isinstance(length, (int, float)) or not 0 <= length <= 3600:
                raise ConfigError(f"{length!r} is no length of an energy protocol.", "Give 0 to 3600.")
        if min(self.window_s, self.idle_s, self.marker_idle_s, self.marker_burn_s) <= 0:
            raise ConfigError("A window of an energy protocol has no length.", "Give more than 0 seconds.")
        if self.marker_burn_s > 0.6 * self.window_s:
            raise ConfigError(
                f"A marker that burns {self.marker_burn_s:g} s looks like a window of {self.window_s:g} s.",
                "Burn at most 0.6 windows.",
            )

    @property
    def seconds(self) -> float:
        """How long one network takes, at least, without a marker."""
        busy = self.windows * (self.settle_s + self.window_s) + self.settle_s
        return busy + (self.windows + 1) * self.pause_s + 2 * self.idle_s

    def to_json(self) -> dict[str, Any]:
        """As a plain object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Any) -> Protocol:
        """What `to_json` gave; ConfigError for anything else. A key that is left out has its default."""
        known = [field.name for field in fields(cls)]
        if not isinstance(raw, dict) or not set(raw) <= set(known):
            raise ConfigError(f"{str(raw)[:200]} is no energy protocol.", f"It has {', '.join(known)}.")
        return cls(**raw)


_STANDARD = Protocol()


def measure_energy(
    run: Run,
    meter: Meter,
    protocol: Protocol = _STANDARD,
    clock: Clock = time.monotonic,
    sleep: Sleep = time.sleep,
    throttled: Throttled | None = None,
    root: Path = Path("/"),
) -> EnergyResult:
    """Measure what one `run` costs.

    Args:
        run: runs the network once and returns when it is done.
        meter: an open meter; it is not closed.
        protocol: how long and how often.
        clock: the device's clock, seconds; must go on steadily and agree over all results that share a log.
        sleep: rests for so many seconds.
        throttled: why the device was slowed down since the call before, None if it was not; asked after each
            window.
        root: where `sys` and `proc` are.

    Raises:
        MeterError: the meter could not be read. What speaks against a result that was read stands in
            `rejected`.
    """
    bench = _Bench(run, meter, clock, sleep)
    asked = throttle_watch(root) if throttled is None else throttled
    marker = bench.mark(protocol) if meter.deferred else None
    bench.run_for(protocol.settle_s)
    sleep(protocol.pause_s)
    idle = [bench.idle(protocol.idle_s)]
    asked()  # what was before does not matter
    windows: list[Window] = []
    fault: str | None = None
    while len(windows) < protocol.windows and fault is None:
        if windows:
            sleep(protocol.pause_s)
        bench.run_for(protocol.settle_s)
        windows.append(bench.busy(protocol.window_s))
        why = asked()
        fault = None if why is None else f"throttled: {why}"
    if fault is None:
        sleep(protocol.pause_s)
        idle.append(bench.idle(protocol.idle_s))
    return EnergyResult(
        meter=meter.name,
        domain=meter.domain,
        idle=tuple(idle),
        windows=tuple(windows),
        drift_limit=protocol.drift,
        fault=fault,
        marker=marker,
        boot=read_line(root / _BOOT) or "",
        notes=bench.notes,
    )


def throttle_watch(root: Path = Path("/")) -> Throttled:
    """A check that says why the device was slowed down since it was last asked; see `agent/state.py`."""
    last = [read_state(root)]

    def check() -> str | None:
        last.append(read_state(root))
        return throttled_between(last.pop(0), last[0])

    return check


class _Bench:
    """Runs and rests under a meter, and notes when."""

    def __init__(self, run: Run, meter: Meter, clock: Clock, sleep: Sleep) -> None:
        self._run = run
        self._meter = meter
        self._clock = clock
        self._sleep = sleep
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What the meter said of its readings, each once."""
        return tuple(self._notes)

    def run_for(self, seconds: float) -> int:
        """Run for at least `seconds` and at least once; returns how often."""
        start, runs = self._clock(), 0
        while runs == 0 or self._clock() - start < seconds:
            self._run()
            runs += 1
        return runs

    def busy(self, seconds: float) -> Window:
        """One window."""
        return self._window(lambda: self.run_for(seconds))

    def idle(self, seconds: float) -> Window:
        """A window without runs."""

        def rest() -> int:
            self._sleep(seconds)
            return 0

        return self._window(rest)

    def _window(self, work: Callable[[], int]) -> Window:
        if not self._meter.deferred:
            self._meter.start()
        start = self._clock()
        runs = work()
        end = self._clock()
        if self._meter.deferred:
            return Window(start, end, runs)
        reading = self._meter.stop()
        self._notes.update(dict.fromkeys(reading.notes))
        watts = reading.joules / reading.seconds
        sigma = None if reading.sigma_j is None else reading.sigma_j / reading.seconds
        return Window(start, end, runs, watts, sigma)

    def mark(self, protocol: Protocol) -> Marker:
        """Idle, burn, idle. The network itself burns: it is what the device does anyway."""
        idle_from = self._clock()
        self._sleep(protocol.marker_idle_s)
        burn_from = self._clock()
        self.run_for(protocol.marker_burn_s)
        burn_to = self._clock()
        self._sleep(protocol.marker_idle_s)
        return Marker(idle_from, burn_from, burn_to, self._clock())
