"""From what a device answers to the seconds of each item, and how far they can be trusted.

Items are compared by what they take while nothing disturbs the device (`agent.timing.QUIET`). What a run
usually takes is a little more; the anchor, which was timed in every stretch, tells by how much. How fast the
device was in one stretch and another is left to the fit, which sees all networks of a stretch and its anchor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from wattnas.device.link import Failed, Latency, Result, Stretch
from wattnas.errors import DeviceError

_LEAST_SIGMA = 0.002
"""Of a timing, as a share: two looks at the same network minutes apart differ by about as much on a quiet
machine."""

_USUAL = 0.1
"""Quantile over the rounds of a stretch that counts as usual: most of them may be disturbed."""


@dataclass(frozen=True)
class Timed:
    """Seconds of one item.

    Attributes:
        seconds, sigma: value and standard deviation, at the speed that the device had in this stretch.
        stretch: which one.
    """

    seconds: float
    sigma: float
    stretch: int


@dataclass
class Collected:
    """All stretches that a device answered with, and the tasks that failed.

    Attributes:
        known: what a run usually takes over what it takes undisturbed, from a measurement before; None where
            these stretches have to tell.
    """

    known: float | None = None
    stretches: list[Stretch] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)

    def add(self, result: Result) -> int:
        """Take one answer; how many items it brought."""
        if isinstance(result, Stretch):
            self.stretches.append(result)
            return len(result.items)
        if isinstance(result, Failed):
            self.failures.append(result)
        return 0

    @property
    def items(self) -> int:
        """Different items that were timed."""
        return len({name for stretch in self.stretches for name in stretch.items})

    def spent_s(self, warmup_s: float) -> float:
        """Seconds that the device was busy for these answers: all attempts, and `warmup_s` for each item."""
        return sum(
            stretch.attempts * (timing.runs * timing.seconds + warmup_s)
            for stretch in self.stretches
            for timing in (stretch.anchor, *stretch.items.values())
        )

    @property
    def anchor_s(self) -> float:
        """What the anchor usually takes.

        Raises:
            DeviceError: nothing was timed.
        """
        self._need_some()
        return self.usual * median(quiet_s(stretch.anchor) for stretch in self.stretches)

    @property
    def disturbed(self) -> float:
        """Share of the anchor's rounds that took a tenth longer than usual, or more."""
        rounds = np.array([seconds for stretch in self.stretches for seconds in stretch.anchor.rounds])
        return float((rounds > 1.1 * self.anchor_s).mean())

    def timed(self) -> dict[str, Timed]:
        """Every item by its name; of one that was timed more than once, the fastest timing.

        What disturbs a device makes it slower, never faster. A timing that was disturbed throughout looks as
        sure as one that was not at all, so its spread cannot tell which of two is right.
        """
        self._need_some()
        usual, best = self.usual, dict[str, Timed]()
        for number, stretch in enumerate(self.stretches):
            for name, item in stretch.items.items():
                found = _timed(item, number, usual)
                if name not in best or found.seconds < best[name].seconds:
                    best[name] = found
        return best

    def uncertain(self) -> list[str]:
        """The items that are to be timed again, as all their timings were flagged."""
        sure = {
            name
            for stretch in self.stretches
            for name, item in stretch.items.items()
            if not item.wide and not stretch.rejected
        }
        return [name for name in self.timed() if name not in sure]

    def anchors(self) -> list[Timed]:
        """The anchor in each stretch."""
        usual = self.usual
        return [_timed(s.anchor, number, usual) for number, s in enumerate(self.stretches)]

    @property
    def usual(self) -> float:
        """What a run usually takes over what it takes undisturbed: `known`, or by the median stretch."""
        if self.known is not None:
            return self.known
        anchors = [stretch.anchor for stretch in self.stretches]
        return float(median(np.quantile(anchor.rounds, _USUAL) / quiet_s(anchor) for anchor in anchors))

    def last_state(self) -> dict[str, Any]:
        """The device's state after the last stretch."""
        return self.stretches[-1].state if self.stretches else {}

    def troubles(self) -> list[str]:
        """What went wrong, in words, for the notes of a profile."""
        bad = [stretch.rejected for stretch in self.stretches if stretch.rejected]
        items = [item for stretch in self.stretches for item in stretch.items.values()]
        wide = sum(item.wide for item in items)
        found = []
        if self.stretches and self.disturbed > 0.1:
            found.append(
                f"Something else ran on the device in {self.disturbed:.0%} of the rounds. "
                "Seconds are those of the undisturbed device."
            )
        if bad:
            found.append(
                f"{len(bad)} of {len(self.stretches)} stretches stayed unsteady and were kept, "
                f"for example: {bad[0]}."
            )
        if wide:
            found.append(f"{wide} of {len(items)} timings stayed less certain than the protocol wants.")
        if self.failures:
            found.append(f"{len(self.failures)} tasks failed, the first: {self.failures[0].message}")
        return found

    def _need_some(self) -> None:
        if not self.stretches:
            why = f": {self.failures[0].message}" if self.failures else "."
            hint = self.failures[0].hint if self.failures else "Run the same command again."
            raise DeviceError(f"The device timed nothing{why}", hint)


def quiet_s(item: Latency) -> float:
    """Seconds of the item while nothing disturbed the device."""
    return item.seconds if item.quiet_s is None else item.quiet_s


def _timed(item: Latency, stretch: int, usual: float) -> Timed:
    seconds = quiet_s(item) * usual
    share = max(item.quiet_sigma_s / quiet_s(item), _LEAST_SIGMA)
    return Timed(seconds, share * seconds, stretch)
