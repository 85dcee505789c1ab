"""From what a device answers to the seconds of each item, and how far they can be trusted.

Items are compared by the statistic of their runs that repeats best here (`statistic`). Where that is what
they take while nothing disturbs the device (`agent.timing.QUIET`), what a run usually takes is a little more;
the anchor, which was timed in every stretch, tells by how much. How fast the device was in one stretch and
another is left to the fit, which sees all networks of a stretch and its anchor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from wattnas.device.fitted import Anchor
from wattnas.device.link import Failed, Latency, Result, Stretch
from wattnas.device.statistic import Statistic, seconds_by, sigma_by, steadiest
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
        like: the anchor of a measurement before, which these stretches are to be compared with: by the same
            statistic, and the same share of what is usual; None where these stretches have to tell.
    """

    like: Anchor | None = None
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
        return median(anchor.seconds for anchor in self.anchors())

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
        by, usual, best = self.statistic, self.usual, dict[str, Timed]()
        for number, stretch in enumerate(self.stretches):
            for name, item in stretch.items.items():
                found = _timed(item, number, by, usual)
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
        by, usual = self.statistic, self.usual
        return [_timed(s.anchor, number, by, usual) for number, s in enumerate(self.stretches)]

    @property
    def statistic(self) -> Statistic:
        """What stands for an item's runs: as in the measurement before, or the one that repeats best."""
        return steadiest(self.stretches) if self.like is None else self.like.statistic

    @property
    def usual(self) -> float:
        """What a run usually takes over what the statistic says: as before, or by the median stretch."""
        if self.like is not None and self.like.usual is not None:
            return self.like.usual
        if self.statistic != "quiet":
            return 1.0  # a round's median is what is usual
        anchors = [stretch.anchor for stretch in self.stretches]
        return float(median(np.quantile(a.rounds, _USUAL) / seconds_by(a, "quiet") for a in anchors))

    @property
    def usual_known(self) -> bool:
        """Whether `usual` is that of a measurement before, and not worked out from these stretches."""
        return self.like is not None and self.like.usual is not None

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
            why = " Seconds are those of the undisturbed device." if self.statistic == "quiet" else ""
            found.append(f"Something else ran on the device in {self.disturbed:.0%} of the rounds.{why}")
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


def _timed(item: Latency, stretch: int, by: Statistic, usual: float) -> Timed:
    seconds = seconds_by(item, by)
    share = max(sigma_by(item, by) / seconds, _LEAST_SIGMA)
    return Timed(seconds * usual, share * seconds * usual, stretch)
