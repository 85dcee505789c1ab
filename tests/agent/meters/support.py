"""Stand-ins for time and hardware."""

from __future__ import annotations

from collections.abc import Callable


class FakeClock:
    """A clock that moves when told, and rests that cost no time."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Hand:
    """Ticks when told, in place of a thread."""

    def __init__(self) -> None:
        self.tick: Callable[[], bool] = lambda: False
        self.stopped = 0

    def __call__(self, tick: Callable[[], bool], period_s: float) -> Hand:
        self.tick = tick
        return self

    def stop(self) -> None:
        self.stopped += 1
