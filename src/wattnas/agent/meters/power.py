"""Energy from samples of power: read in a thread, integrated, and refused where there are gaps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from statistics import stdev
from typing import NamedTuple

from wattnas.agent.meters.base import NO_METER, BaseMeter, Clock, Hiccup, MakeTicker, Reading, Ticker, Ticking
from wattnas.errors import MeterError

MOST_W = 10_000.0
"""Watts that no device measured here draws: more is a reading that went wrong."""

_ATTEMPTS = 3
"""Times that a sample at either end is tried."""


class Sample(NamedTuple):
    """Watts at a moment of the meter's clock, seconds."""

    at: float
    watts: float


def trapezoid(samples: Sequence[Sample]) -> float:
    """Joules under straight lines from sample to sample."""
    return math.fsum(
        (after.at - before.at) * (before.watts + after.watts) / 2 for before, after in _neighbours(samples)
    )


def longest_gap(samples: Sequence[Sample]) -> float:
    """Seconds between the two neighbours that lie furthest apart."""
    return max((after.at - before.at for before, after in _neighbours(samples)), default=0.0)


def _neighbours(samples: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    return [(samples[i], samples[i + 1]) for i in range(len(samples) - 1)]


def sampling_sigma(samples: Sequence[Sample]) -> float | None:
    """Standard deviation of the integral, joules, if samples scatter on their own; None for two."""
    if len(samples) < 3:
        return None
    scatter = stdev(sample.watts for sample in samples)
    return scatter / math.sqrt(len(samples)) * (samples[-1].at - samples[0].at)


class PowerMeter(BaseMeter):
    """Integrates what `watts` says.

    One sample stands at the very start and one at the very end, so that energy and time belong to the same
    stretch. A sample counts for the middle of the call that brought it.

    Args:
        name, domain: see `Meter`.
        watts: one reading of power; a Hiccup leaves a sample out, any other MeterError ends the measurement.
        period_s: seconds between samples.
        gap_s: seconds between two samples that make the result worthless.
        clock: seconds, never backwards.
        notes: what the reader of a result should know.
        release: called once, at `close`.
        ticker: makes the thread that reads in between.
    """

    def __init__(
        self,
        name: str,
        domain: str,
        watts: Callable[[], float],
        period_s: float = 0.1,
        gap_s: float | None = None,
        clock: Clock = time.monotonic,
        notes: tuple[str, ...] = (),
        release: Callable[[], None] = lambda: None,
        ticker: MakeTicker = Ticker,
    ) -> None:
        super().__init__(name, domain)
        self._watts = watts
        self._period_s = period_s
        self._gap_s = max(1.0, 10 * period_s) if gap_s is None else gap_s
        self._clock = clock
        self._notes = notes
        self._let_go = release
        self._make_ticker = ticker
        self._ticker: Ticking | None = None
        self._reset()

    def _reset(self) -> None:
        self._samples: list[Sample] = []
        self._lost = 0
        self._failed: MeterError | None = None

    def _begin(self) -> None:
        self._reset()
        self._edge()
        self._ticker = self._make_ticker(self._tick, self._period_s)

    def _sample(self) -> None:
        before = self._clock()
        watts = self._watts()
        after = self._clock()
        if not math.isfinite(watts) or not 0 <= watts <= MOST_W:
            raise MeterError(f"The meter {self.name} reads {watts:g} W.", NO_METER)
        self._samples.append(Sample((before + after) / 2, watts))

    def _edge(self) -> None:
        """A sample at the very start or end, which cannot be left out."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._sample()
            except Hiccup:
                self._lost += 1
        return self._sample()

    def _tick(self) -> bool:
        try:
            self._sample()
        except Hiccup:
            self._lost += 1
        except MeterError as error:
            self._failed = error
        except Exception as error:  # in a thread it would be lost
            self._failed = MeterError(f"The meter {self.name} failed while it was read: {error}.", NO_METER)
        return self._failed is None

    def _halt(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _end(self) -> Reading:
        self._halt()
        if self._failed is not None:
            raise self._failed
        self._edge()
        gap = longest_gap(self._samples)
        if gap > self._gap_s:
            raise MeterError(
                f"The meter {self.name} gave no reading for {gap:.2g} s ({self._lost} readings failed).",
                f"Energy is not guessed over more than {self._gap_s:g} s: leave a core free for the meter.",
            )
        lost = (f"{self._lost} readings failed and were left out",) if self._lost else ()
        return Reading(
            joules=trapezoid(self._samples),
            sigma_j=sampling_sigma(self._samples),
            seconds=self._samples[-1].at - self._samples[0].at,
            samples=len(self._samples),
            domain=self.domain,
            notes=self._notes + lost,
        )

    def _release(self) -> None:
        self._halt()
        self._let_go()
