"""A record of power over time, as an external meter wrote it: energy between moments, and gaps."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median

from wattnas.agent.meters.base import NO_METER
from wattnas.agent.meters.power import Sample, sampling_sigma
from wattnas.errors import MeterError

_GAP = 2.5  # times the usual step; a single sample that is missing makes 2
_LEAST_GAP_S = 0.05


class Trace:
    """Watts over time with straight lines from sample to sample.

    Attributes:
        name: where it came from, for messages.
        samples: in order of time; two may share a moment.
        step_s: usual seconds between samples.
        gap_s: seconds between samples from which on nothing is known about the time between.

    Raises:
        MeterError: fewer than two samples, or no time between the first and the last.
    """

    def __init__(self, samples: Sequence[Sample], name: str = "the trace") -> None:
        if len(samples) < 2 or not samples[0].at < samples[-1].at:
            raise MeterError(f"{name} holds {len(samples)} samples and no stretch of time.", NO_METER)
        self.name = name
        self.samples = tuple(samples)
        self._times = [sample.at for sample in samples]
        widths = [b - a for a, b in zip(self._times, self._times[1:])]  # noqa: B905 - Python 3.9
        if min(widths) < 0:
            raise MeterError(f"{name}: time goes backwards.", NO_METER)
        self.step_s = median(width for width in widths if width > 0)
        self.gap_s = max(_GAP * self.step_s, _LEAST_GAP_S)
        self._gaps = [i for i, width in enumerate(widths) if width > self.gap_s]
        self._joules = [0.0]
        for i, width in enumerate(widths):
            part = width * (samples[i].watts + samples[i + 1].watts) / 2
            self._joules.append(self._joules[-1] + part)

    @property
    def start(self) -> float:
        """When it begins."""
        return self._times[0]

    @property
    def end(self) -> float:
        """When it ends."""
        return self._times[-1]

    def energy(self, start: float, end: float) -> float:
        """Joules between two moments of the trace's clock.

        Raises:
            MeterError: it does not reach that far, or has a gap there.
        """
        if not (math.isfinite(start) and math.isfinite(end)) or start > end:
            raise MeterError(f"There is no energy from {start} s to {end} s.")
        if start < self.start or end > self.end:
            raise MeterError(
                f"{self.name} lasts from {self.start:.3f} s to {self.end:.3f} s "
                f"and was asked for {start:.3f} s to {end:.3f} s.",
                "Let the meter record from before the measurement until after it.",
            )
        first = bisect_right(self._times, start) - 1
        last = min(bisect_left(self._times, end), len(self._times) - 1)
        where = bisect_left(self._gaps, first)
        if where < len(self._gaps) and self._gaps[where] < last:
            at = self._gaps[where]
            raise MeterError(
                f"{self.name} has no sample from {self._times[at]:.3f} s to {self._times[at + 1]:.3f} s.",
                "What happened in a gap is not guessed: measure again.",
            )
        return self._until(end) - self._until(start)

    def _until(self, moment: float) -> float:
        """Joules from the beginning to `moment`."""
        i = min(bisect_right(self._times, moment) - 1, len(self._times) - 2)
        width = self._times[i + 1] - self._times[i]
        if width <= 0:
            return self._joules[i]
        share = (moment - self._times[i]) / width
        here = self.samples[i].watts + share * (self.samples[i + 1].watts - self.samples[i].watts)
        return self._joules[i] + share * width * (self.samples[i].watts + here) / 2

    def mean(self, start: float, end: float) -> float | None:
        """Mean watts between two moments; None where the trace does not tell."""
        try:
            return self.energy(start, end) / (end - start) if end > start else None
        except MeterError:
            return None

    def sigma(self, start: float, end: float) -> float | None:
        """Standard deviation of `energy` that the scatter of the samples makes, joules."""
        inside = self.samples[bisect_left(self._times, start) : bisect_right(self._times, end)]
        return sampling_sigma(inside)
