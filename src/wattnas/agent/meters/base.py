"""What an energy meter is: start, stop, joules with their spread, and what they cover.

A meter that cannot be read raises a MeterError; none ever answers with 0 joules, or with a number that is not
finite.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from wattnas.errors import MeterError

Clock = Callable[[], float]

NO_METER = "Without a meter, local profiles model energy from stated watts and say so."


class Reading(NamedTuple):
    """What a meter says of one stretch of time.

    Attributes:
        joules: energy, above 0.
        sigma_j: standard deviation that the meter's own sampling adds, joules; None where it is not known.
        seconds: length of the very stretch that `joules` belongs to, by the meter.
        samples: readings behind it.
        domain: what the energy covers, in words.
        notes: what the reader should know.
    """

    joules: float
    sigma_j: float | None
    seconds: float
    samples: int
    domain: str
    notes: tuple[str, ...] = ()


class Probe(NamedTuple):
    """Whether a meter can be read, what was found, and what to do."""

    available: bool
    detail: str
    hint: str = ""


class Meter(Protocol):
    """Measures energy between `start` and `stop`, as often as asked.

    Attributes:
        name: the meter's name in a specification, such as "rapl".
        domain: what it covers, in words.
        deferred: whether its joules are known only after the measurement, from a log; its `stop` then
            refuses.
    """

    name: str
    domain: str
    deferred: bool

    def start(self) -> None:
        """Begin; MeterError where it runs already, is closed or cannot be read."""

    def stop(self) -> Reading:
        """End and say what was used since `start`; MeterError where that cannot be told."""

    def close(self) -> None:
        """Let go of the device; may be called again, and while it runs."""


class Hiccup(MeterError):
    """A reading that failed for the moment. A sampling meter goes on without it, until that makes a gap."""


class BaseMeter:
    """Order of calls and sanity of results, the same for every meter.

    A meter says how it begins, ends and is released in `_begin`, `_end` and `_release`.
    """

    deferred = False

    def __init__(self, name: str, domain: str) -> None:
        self.name = name
        self.domain = domain
        self._running = False
        self._closed = False

    def start(self) -> None:
        """Begin to measure."""
        if self._closed:
            raise MeterError(f"The meter {self.name} is closed.", "Open it again.")
        if self._running:
            raise MeterError(f"The meter {self.name} is running already.", "Stop it first.")
        self._begin()
        self._running = True

    def stop(self) -> Reading:
        """End, and give what was used since `start`."""
        if not self._running:
            raise MeterError(f"The meter {self.name} was stopped without being started.", "Start it first.")
        self._running = False
        return checked(self._end(), self.name)

    def close(self) -> None:
        """Let go of the device; a measurement that runs is dropped."""
        if self._closed:
            return
        self._closed, self._running = True, False
        self._release()

    def _begin(self) -> None:
        raise NotImplementedError

    def _end(self) -> Reading:
        raise NotImplementedError

    def _release(self) -> None:
        """Nothing to let go of, unless a meter says otherwise."""


def checked(reading: Reading, name: str) -> Reading:
    """`reading`, if it can be one: joules and seconds finite and above 0."""
    numbers = (reading.joules, reading.seconds, 0.0 if reading.sigma_j is None else reading.sigma_j)
    if not all(math.isfinite(number) for number in numbers) or reading.seconds <= 0 or reading.samples < 1:
        raise MeterError(f"The meter {name} gave {reading.joules} J in {reading.seconds} s.", NO_METER)
    if reading.joules <= 0:
        raise MeterError(
            f"The meter {name} saw {reading.joules:g} J in {reading.seconds:.3g} s; no device uses nothing.",
            "Check that it is connected to this device; measure for longer.",
        )
    return reading


class Ticking(Protocol):
    """Something that calls a function now and then, until stopped."""

    def stop(self) -> None:
        """Make no other call."""


class Ticker:
    """Calls a function every `period_s` seconds in its own thread, until stopped or answered False."""

    def __init__(self, tick: Callable[[], bool], period_s: float) -> None:
        self._tick = tick
        self._period_s = period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wattnas-meter", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self._period_s) and self._tick():
            pass

    def stop(self) -> None:
        """Wait for a call in progress and make no other."""
        self._over.set()
        self._thread.join()


MakeTicker = Callable[[Callable[[], bool], float], Ticking]
