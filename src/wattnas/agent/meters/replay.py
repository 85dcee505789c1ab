"""A meter that plays a log back, over and over: stands in for hardware in tests and dry runs."""

from __future__ import annotations

import time
from pathlib import Path

from wattnas.agent.meters.base import BaseMeter, Clock, Reading
from wattnas.agent.meters.log import read_log
from wattnas.agent.meters.trace import Trace

_NOTE = "played back from a log: nothing was measured"


class ReplayMeter(BaseMeter):
    """Energy of a trace that begins at the first `start` and is repeated without end.

    Args:
        trace: what is played.
        clock: seconds, never backwards.
    """

    def __init__(self, trace: Trace, clock: Clock = time.monotonic) -> None:
        super().__init__("replay", f"a replay of {trace.name}")
        self._trace = trace
        self._whole_j = trace.energy(trace.start, trace.end)  # refuses a gap
        self._clock = clock
        self._origin: float | None = None

    def _begin(self) -> None:
        self._since = self._clock()
        if self._origin is None:
            self._origin = self._since

    def _end(self) -> Reading:
        now = self._clock()
        joules = self._until(now) - self._until(self._since)
        return Reading(joules, 0.0, now - self._since, len(self._trace.samples), self.domain, (_NOTE,))

    def _until(self, now: float) -> float:
        """Joules from the first `start` to `now`."""
        span = self._trace.end - self._trace.start
        turns, rest = divmod(now - (self._origin or 0.0), span)
        end = min(self._trace.start + rest, self._trace.end)
        return turns * self._whole_j + self._trace.energy(self._trace.start, end)


def open_replay(path: Path, clock: Clock = time.monotonic) -> ReplayMeter:
    """A meter that plays the log at `path`; MeterError where it is none."""
    return ReplayMeter(read_log(path), clock)
