"""Clocks that move only when somebody says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class FakeTime:
    """A clock that moves when an item runs.

    Attributes:
        now: seconds.
        log: the items in the order they ran.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []
        self._runs: Counter[str] = Counter()

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def item(self, name: str, seconds: Callable[[int], float]) -> Callable[[], None]:
        """An item whose k-th run (from 0) takes `seconds(k)`."""

        def run() -> None:
            self.now += seconds(self.runs(name))
            self.log.append(name)
            self._runs[name] += 1

        return run

    def steady(self, name: str, seconds: float) -> Callable[[], None]:
        """An item that always takes as long."""
        return self.item(name, lambda _: seconds)

    def runs(self, name: str) -> int:
        """How often that item ran."""
        return self._runs[name]
