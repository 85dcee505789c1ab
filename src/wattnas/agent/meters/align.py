"""Which moment of an external meter's log is which moment of the device: by a marker that the device made.

Clocks of two machines differ by an unknown amount. So the device stays idle, burns, and stays idle again, and
notes when; in the log those are two edges a known time apart, between two quiet stretches. Where they fit in
more than one place, or in none, nothing is measured: a wrong place would give a wrong energy.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from wattnas.agent.meters.power import Sample
from wattnas.agent.meters.trace import Trace
from wattnas.errors import MeterError

_LEVELS = 40
_BINS = 2_000_000
_MOST = 0.9
"""Share of a stretch that has to be high, or low."""
_MISSED = 10
"""One of so many stretches besides markers, and one at least, may lie in a gap or be disturbed.

Not two of a few: a log that is taken for one window later misses two, a window and a rest."""
_RECORD = "Record all of it in one log, from before the measurement until after it, and nothing else."


class Marker(NamedTuple):
    """Idle, burn, idle: moments of the device's clock, seconds.

    Attributes:
        idle_from: when it went idle.
        burn_from: when it began to burn.
        burn_to: when it ended.
        idle_to: until when it was idle after that.
    """

    idle_from: float
    burn_from: float
    burn_to: float
    idle_to: float


class Schedule(NamedTuple):
    """What the device did and when, by its clock; all of it has to show in the log.

    Attributes:
        marker: made for this.
        busy: (from, to) of stretches in which the same network ran, each followed by rest.
        rest: (from, to) of stretches in which nothing ran.
    """

    marker: Marker
    busy: tuple[tuple[float, float], ...] = ()
    rest: tuple[tuple[float, float], ...] = ()


class Alignment(NamedTuple):
    """Seconds to add to the device's clock to get the log's, and their standard deviation."""

    offset_s: float
    sigma_s: float


def align(trace: Trace, schedules: Sequence[Schedule]) -> Alignment:
    """Where all `schedules` lie in `trace`.

    Raises:
        MeterError: no schedule, a log too coarse to show one, no place where all fit, or more than one.
    """
    if not schedules:
        raise MeterError("There is no marker to find in the log.", "Measure with --meter log:PATH.")
    shape = _Shape(trace, schedules)
    places = sorted(shape.places())
    if not places:
        raise MeterError(
            f"{trace.name} shows no idle, burn and idle of the length that was made, with what followed.",
            _RECORD,
        )
    groups = [places[i] for i in range(len(places)) if i == 0 or places[i] - places[i - 1] > shape.slack_s]
    if len(groups) > 1 or places[-1] - places[0] > 2 * shape.slack_s:
        burn = schedules[0].marker.burn_from
        listed = ", ".join(f"{place + burn:.1f} s" for place in groups[:4])
        raise MeterError(f"{trace.name} shows the marker in {max(2, len(groups))} places: {listed}.", _RECORD)
    return shape.refine(median(places))


class _Shape:
    """The log in bins, and what schedules look like in it.

    `slack_s` is how far an edge may lie from where it should, as seen through the bins.
    """

    def __init__(self, trace: Trace, schedules: Sequence[Schedule]) -> None:
        self.trace = trace
        self.schedules = schedules
        stretches = [
            stretch for schedule in schedules for stretch in (*_parts(schedule.marker), *schedule.busy)
        ]
        stretches += [stretch for schedule in schedules for stretch in schedule.rest]
        lengths = [end - start for start, end in stretches]
        if not all(map(math.isfinite, lengths)) or min(lengths) <= 0:
            raise MeterError("A marker has an end before its beginning.", "Measure again.")
        first = schedules[0].marker
        burn = first.burn_to - first.burn_from
        self.width_s = max(trace.step_s, burn / 50)
        self.slack_s = 2 * self.width_s + 0.05 * burn
        if min(lengths) <= 2 * self.slack_s + self.width_s:
            raise MeterError(
                f"{trace.name} has a sample every {trace.step_s:.3g} s, which shows no {min(lengths):.3g} s.",
                "Let the meter record more often.",
            )
        if (trace.end - trace.start) / self.width_s > _BINS:
            raise MeterError(
                f"{trace.name} lasts {trace.end - trace.start:.0f} s.", "Cut it to the measurement."
            )
        self.bins = list(self._binned())
        self.times = [each.at for each in self.bins]

    def _binned(self) -> Iterator[Sample]:
        """Mean power of each stretch of `width_s` that the log tells of, at its middle."""
        for k in range(int((self.trace.end - self.trace.start) / self.width_s)):
            start = self.trace.start + k * self.width_s
            watts = self.trace.mean(start, start + self.width_s)
            if watts is not None:
                yield Sample(start + self.width_s / 2, watts)

    def places(self) -> Iterator[float]:
        """Offsets at which every schedule fits."""
        first = self.schedules[0].marker
        burn = first.burn_to - first.burn_from
        seen: set[int] = set()
        for level in self._levels():
            for rise, fall in self._pulses(level):
                place = (rise - first.burn_from + fall - first.burn_to) / 2
                near = round(place / self.width_s * 2)
                if near in seen or abs(fall - rise - burn) > self.slack_s:
                    continue
                seen.add(near)
                if self._all_fit(place):
                    yield place

    def _levels(self) -> list[float]:
        """Watts at which to look for edges: evenly between least and most, and between what is common."""
        watts = sorted(each.watts for each in self.bins)
        if not watts:
            return []
        low, high = watts[0], watts[-1]
        even = [low + (high - low) * (k + 0.5) / _LEVELS for k in range(_LEVELS)]
        marks = [watts[(len(watts) - 1) * k // _LEVELS] for k in range(_LEVELS + 1)]
        return even + [(marks[k] + marks[k + 1]) / 2 for k in range(_LEVELS) if marks[k] < marks[k + 1]]

    def _pulses(self, level: float) -> Iterator[tuple[float, float]]:
        """(rise, fall) of every stretch above `level`, crossings interpolated."""
        rise: float | None = None
        for i in range(1, len(self.bins)):
            before, after = self.bins[i - 1], self.bins[i]
            if after.at - before.at > 1.5 * self.width_s:
                rise = None  # a gap
            elif before.watts < level <= after.watts:
                rise = _crossing(before, after, level)
            elif before.watts >= level > after.watts and rise is not None:
                yield rise, _crossing(before, after, level)
                rise = None

    def _all_fit(self, place: float) -> bool:
        """Whether every marker shows at `place`, and nearly all that was done besides."""
        told = []
        for schedule in self.schedules:
            level = self._level(schedule.marker, place)
            if level is None:
                return False
            for high, stretches in ((True, schedule.busy), (False, schedule.rest)):
                for start, end in stretches:
                    if start + place < self.trace.start or end + place > self.trace.end:
                        return False
                    share = self._share_above(start + place, end + place, level)
                    told.append(share is not None and (share > _MOST if high else share < 1 - _MOST))
        return told.count(False) <= max(1, len(told) // _MISSED)

    def _level(self, marker: Marker, place: float) -> float | None:
        """Half the height of a marker at `place`; None where the log is not quiet, high and quiet there."""
        inside = [(start + place + self.slack_s, end + place - self.slack_s) for start, end in _parts(marker)]
        early, high, late = (self.trace.mean(start, end) for start, end in inside)
        if early is None or high is None or late is None:
            return None
        quiet = (early + late) / 2
        if high - max(early, late) < 0.02 * abs(high) or abs(early - late) > 0.35 * (high - quiet):
            return None
        level = (quiet + high) / 2
        shares = [self._share_above(start + place, end + place, level) for start, end in _parts(marker)]
        low, most, after = (0.5 if share is None else share for share in shares)
        return level if low < 1 - _MOST and most > _MOST and after < 1 - _MOST else None

    def _share_above(self, start: float, end: float, level: float) -> float | None:
        """Share of bins above `level` between two moments, ends left out; None where there are too few."""
        first = bisect_left(self.times, start + self.slack_s)
        last = bisect_right(self.times, end - self.slack_s)
        wanted = (end - start - 2 * self.slack_s) / self.width_s
        if last - first < max(1.0, 0.5 * wanted):
            return None
        return sum(each.watts > level for each in self.bins[first:last]) / (last - first)

    def refine(self, place: float) -> Alignment:
        """The offset from all edges near `place`, at half their height: the median, as one may be hidden."""
        found: list[float] = []
        for schedule in self.schedules:
            level = self._level(schedule.marker, place)
            falls = (schedule.marker.burn_to, *(end for _, end in schedule.busy))
            if level is not None:
                found += self._edge(schedule.marker.burn_from, place, level, rising=True)
                for moment in falls:
                    found += self._edge(moment, place, level, rising=False)
        if not found:
            raise MeterError(f"{self.trace.name} shows no clear edge of the marker.", _RECORD)
        middle = median(found)
        spread = 1.4826 * median(abs(each - middle) for each in found)
        return Alignment(middle, math.hypot(spread, self.width_s / math.sqrt(12)))

    def _edge(self, moment: float, place: float, level: float, rising: bool) -> list[float]:
        """The offset at which `moment` is the nearest crossing of `level`, if one lies within the slack."""
        near = moment + place
        first = max(1, bisect_left(self.times, near - self.slack_s - self.width_s))
        last = bisect_right(self.times, near + self.slack_s + self.width_s)
        pairs = [(self.bins[i - 1], self.bins[i]) for i in range(first, last)]
        crossed = [
            _crossing(a, b, level) - moment
            for a, b in pairs
            if (a.watts < level <= b.watts if rising else a.watts >= level > b.watts)
        ]
        return sorted(crossed, key=lambda offset: abs(offset - place))[:1]


def _parts(marker: Marker) -> list[tuple[float, float]]:
    """Idle, burn and idle as stretches."""
    return [(marker[i], marker[i + 1]) for i in range(3)]


def _crossing(before: Sample, after: Sample, level: float) -> float:
    share = (level - before.watts) / (after.watts - before.watts)
    return before.at + share * (after.at - before.at)
