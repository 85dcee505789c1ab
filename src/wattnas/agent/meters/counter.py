"""Energy from counters that only grow: differences, wrap-around, and the ways in which a counter can lie."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wattnas.agent.meters.base import NO_METER, BaseMeter, Clock, MakeTicker, Reading, Ticker, Ticking
from wattnas.errors import MeterError

_MOST_W = 2000.0
"""Watts that nothing behind one counter draws."""
_UPDATE_S = 0.2
"""Seconds between two steps of the slowest counter."""


class Counter(NamedTuple):
    """One counter of energy.

    Attributes:
        label: what it is called in messages.
        read: the count.
        unit_j: joules of one count.
        wraps_at: count at which it begins anew; None where nothing says so.
    """

    label: str
    read: Callable[[], int]
    unit_j: float
    wraps_at: int | None = None


class CounterMeter(BaseMeter):
    """Adds up what several counters grow by.

    They are read once when the meter is made, since a counter that is there may still refuse. While it
    measures, a thread looks at them so often that no wrap-around is missed.

    Args:
        name, domain: see `Meter`.
        counters: at least one, none of which contains another.
        update_s: seconds between two steps of the counters, from which comes the spread of a reading; None if
            unknown.
        period_s: seconds between two looks.
        clock: seconds, never backwards.
        release: called once, at `close`.
        ticker: makes the thread that reads in between.
    """

    def __init__(
        self,
        name: str,
        domain: str,
        counters: Sequence[Counter],
        update_s: float | None = None,
        period_s: float = 5.0,
        clock: Clock = time.monotonic,
        release: Callable[[], None] = lambda: None,
        ticker: MakeTicker = Ticker,
    ) -> None:
        super().__init__(name, domain)
        self._counters = tuple(counters)
        self._update_s = update_s
        self._period_s = period_s
        self._clock = clock
        self._let_go = release
        self._make_ticker = ticker
        self._ticker: Ticking | None = None
        self._failed: MeterError | None = None
        self._look()

    def _look(self) -> None:
        before = self._clock()
        self._counts = [counter.read() for counter in self._counters]
        self._at = (before + self._clock()) / 2

    def _begin(self) -> None:
        self._failed = None
        self._joules = [0.0] * len(self._counters)
        self._looks = 1
        self._look()
        self._since = self._at
        self._ticker = self._make_ticker(self._tick, self._period_s)

    def _tick(self) -> bool:
        try:
            self._advance()
        except MeterError as error:
            self._failed = error
        except Exception as error:  # in a thread it would be lost
            self._failed = MeterError(f"The meter {self.name} failed while it was read: {error}.", NO_METER)
        return self._failed is None

    def _advance(self) -> None:
        old, since = self._counts, self._at
        self._look()
        self._looks += 1
        for i, counter in enumerate(self._counters):
            self._joules[i] += grown(counter, old[i], self._counts[i], self._at - since)

    def _halt(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _end(self) -> Reading:
        self._halt()
        if self._failed is not None:
            raise self._failed
        self._advance()
        seconds = self._at - self._since
        for counter, joules in zip(self._counters, self._joules):  # noqa: B905 - Python 3.9 has no `strict`
            if joules == 0:
                raise MeterError(
                    f"{counter.label} did not move in {seconds:.3g} s: the counter is frozen.",
                    "A virtual machine may show a counter that does not count. " + NO_METER,
                )
        total = math.fsum(self._joules)
        return Reading(total, self._sigma(total, seconds), seconds, self._looks, self.domain)

    def _sigma(self, joules: float, seconds: float) -> float | None:
        """Each end lies anywhere within a step of the counter: two even distributions, one less the other."""
        if self._update_s is None or seconds <= 0:
            return None
        return joules / seconds * self._update_s / math.sqrt(6)

    def _release(self) -> None:
        self._halt()
        self._let_go()


def grown(counter: Counter, old: int, new: int, seconds: float) -> float:
    """Joules that `counter` grew by, its wrap-around undone.

    Raises:
        MeterError: it went backwards and nothing says where it wraps, or it grew by more than can be.
    """
    steps = new - old
    if steps < 0:
        steps += _range(counter, old, new, seconds)
    joules = steps * counter.unit_j
    if joules > _MOST_W * (seconds + _UPDATE_S):
        raise MeterError(
            f"{counter.label} grew by {joules:.4g} J in {seconds:.3g} s, from {old} to {new}: it was reset.",
            "Measure again; a suspended machine or a driver that was loaded anew resets it.",
        )
    return joules


def _range(counter: Counter, old: int, new: int, seconds: float) -> int:
    """Counts of one whole turn."""
    if counter.wraps_at is None:
        raise MeterError(
            f"{counter.label} went backwards, from {old} to {new}, and nothing says where it wraps.",
            "Measure again.",
        )
    if not max(old, new) <= counter.wraps_at:
        raise MeterError(
            f"{counter.label} went from {old} to {new}, and is said to wrap at {counter.wraps_at}.", NO_METER
        )
    if counter.wraps_at * counter.unit_j < _MOST_W * seconds:
        raise MeterError(
            f"{counter.label} was not looked at for {seconds:.3g} s and may have wrapped twice.",
            "Measure again, without suspending the machine.",
        )
    return counter.wraps_at
