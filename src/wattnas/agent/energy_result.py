"""What an energy measurement gave: its windows, and all that follows from them.

Only what was observed is stored; joules, spread and the reasons against a result are worked out from it, so
that they cannot disagree. The file holds them too, for readers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from wattnas.agent.meters import Marker
from wattnas.errors import MeterError

_MOST = 100_000


@dataclass(frozen=True)
class Window:
    """One stretch of time, of running or of rest.

    Attributes:
        start, end: by the device's clock, seconds.
        runs: runs in it; 0 at rest.
        watts: mean power, by a meter that measured this very stretch; None until a log has told it.
        sigma_w: standard deviation of `watts` from the meter's own sampling; None where it is not known.
    """

    start: float
    end: float
    runs: int
    watts: float | None = None
    sigma_w: float | None = None

    def __post_init__(self) -> None:
        numbers = (self.start, self.end, self.watts or 1.0, self.sigma_w or 0.0)
        if not all(map(math.isfinite, numbers)) or not self.start < self.end or self.runs < 0:
            raise MeterError(f"{self} is no window of an energy measurement.")
        if (self.watts is not None and self.watts <= 0) or (self.sigma_w is not None and self.sigma_w < 0):
            raise MeterError(f"A window from {self.start:.3f} s has {self.watts} W, which no device uses.")

    @property
    def seconds(self) -> float:
        """Length."""
        return self.end - self.start

    def to_json(self) -> list[float | int | None]:
        """As a plain list: start, end, runs, watts, sigma_w."""
        return [self.start, self.end, self.runs, self.watts, self.sigma_w]


@dataclass(frozen=True)
class EnergyResult:
    """Energy of one network.

    Attributes:
        meter: name of the meter.
        domain: what it covers, in words.
        idle: rest before and, if it came to that, after.
        windows: running.
        drift_limit: change of idle power that rejects.
        fault: what went wrong while it was measured or read, None for nothing.
        marker: for a meter that is read from a log.
        offset_sigma_s: how well the log was aligned, seconds.
        boot: tells starts of the system apart; the clock of one says nothing about another.
        notes: what the reader should know.
    """

    meter: str
    domain: str
    idle: tuple[Window, ...]
    windows: tuple[Window, ...]
    drift_limit: float = 0.05
    fault: str | None = None
    marker: Marker | None = None
    offset_sigma_s: float = 0.0
    boot: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.idle or not self.windows or any(window.runs < 1 for window in self.windows):
            raise MeterError("An energy result needs rest, and windows in which something ran.")

    @property
    def pending(self) -> bool:
        """Whether a log has yet to tell the energies."""
        return any(window.watts is None for window in (*self.idle, *self.windows))

    @property
    def runs(self) -> int:
        """Runs of the network in all windows."""
        return sum(window.runs for window in self.windows)

    @property
    def seconds(self) -> float:
        """Seconds of one run, over the same windows as the energy."""
        return sum(window.seconds for window in self.windows) / self.runs

    @property
    def watts(self) -> float | None:
        """Mean power while it ran."""
        return _mean([window.watts for window in self.windows])

    @property
    def idle_watts(self) -> float | None:
        """Mean power at rest."""
        return _mean([window.watts for window in self.idle])

    @property
    def joules(self) -> float | None:
        """Gross joules of one run: the mean over windows."""
        return _mean(self._each())

    @property
    def sigma_j(self) -> float | None:
        """Standard deviation of `joules`; None where nothing tells.

        It is the larger of the scatter of windows and the sampling of the meter, with the alignment of a log.
        """
        each = self._each()
        if any(joules is None for joules in each):
            return None
        known = [joules for joules in each if joules is not None]
        scatter = stdev(known) / math.sqrt(len(known)) if len(known) > 1 else None
        parts = [part for part in (scatter, self._sampling()) if part is not None]
        return math.hypot(max(parts), self._misplaced()) if parts else None

    @property
    def net_j(self) -> float | None:
        """Joules of one run beyond what the device would have used at rest."""
        if self.joules is None or self.idle_watts is None:
            return None
        return self.joules - self.idle_watts * self.seconds

    @property
    def net_sigma_j(self) -> float | None:
        """Standard deviation of `net_j`; that of idle power is half the difference of the two."""
        watts = [window.watts for window in self.idle if window.watts is not None]
        if self.sigma_j is None or len(watts) < 2:
            return None
        return math.hypot(self.sigma_j, (max(watts) - min(watts)) / 2 * self.seconds)

    @property
    def drift(self) -> float | None:
        """Change of idle power from before to after, over the former; None where it was not taken twice."""
        watts = [window.watts for window in self.idle]
        if len(watts) < 2 or watts[0] is None or watts[-1] is None:
            return None
        return abs(watts[-1] - watts[0]) / watts[0]

    @property
    def rejected(self) -> str | None:
        """Why the result must not be used; None where nothing speaks against it."""
        if self.fault is not None:
            return self.fault
        if self.pending:
            return "the meter's log has not been read yet"
        if self.drift is None:
            return "idle power was not taken after the windows"
        if self.drift > self.drift_limit:
            before, after = self.idle[0].watts, self.idle[-1].watts
            return f"idle power drifted by {self.drift:.1%}, from {before:.4g} W to {after:.4g} W"
        if self.net_j is None or self.net_j <= 0:
            return f"the meter saw {self.watts:.4g} W under load and {self.idle_watts:.4g} W at rest"
        return None

    def _each(self) -> list[float | None]:
        """Joules of one run, window by window."""
        return [
            None if window.watts is None else window.watts * window.seconds / window.runs
            for window in self.windows
        ]

    def _sampling(self) -> float | None:
        """Standard deviation of `joules` from the meter's sampling alone, where all windows tell it."""
        found = [
            None if window.sigma_w is None else window.sigma_w * window.seconds / window.runs
            for window in self.windows
        ]
        if any(sigma is None for sigma in found):
            return None
        return math.hypot(*(sigma for sigma in found if sigma is not None)) / len(found)

    def _misplaced(self) -> float:
        """What a log that is shifted by `offset_sigma_s` does to both ends of a window, joules of one run."""
        step = max(0.0, (self.watts or 0.0) - (self.idle_watts or 0.0))
        return math.sqrt(2) * self.offset_sigma_s * step * len(self.windows) / self.runs

    def to_json(self) -> dict[str, Any]:
        """As a plain object: what was observed, and what follows from it."""
        return {
            "meter": self.meter,
            "domain": self.domain,
            "idle": [window.to_json() for window in self.idle],
            "windows": [window.to_json() for window in self.windows],
            "drift_limit": self.drift_limit,
            "fault": self.fault,
            "marker": None if self.marker is None else list(self.marker),
            "offset_sigma_s": self.offset_sigma_s,
            "boot": self.boot,
            "notes": list(self.notes),
            **{name: getattr(self, name) for name in DERIVED},
        }

    @classmethod
    def from_json(cls, raw: Any) -> EnergyResult:
        """What `to_json` gave. What follows is worked out anew; keys that are none of ours are left alone.

        Raises:
            MeterError: something is missing or is no such thing.
        """
        if not isinstance(raw, Mapping):
            raise MeterError(f"{str(raw)[:80]!r} is no energy result.")
        try:
            marker, fault = raw.get("marker"), raw.get("fault")
            return cls(
                meter=_text(raw["meter"]),
                domain=_text(raw["domain"]),
                idle=tuple(map(_window, _items(raw["idle"]))),
                windows=tuple(map(_window, _items(raw["windows"]))),
                drift_limit=_number(raw["drift_limit"]),
                fault=None if fault is None else _text(fault),
                marker=None if marker is None else Marker(*_exactly(4, marker, _number)),
                offset_sigma_s=_number(raw.get("offset_sigma_s", 0.0)),
                boot=_text(raw.get("boot", "")),
                notes=tuple(map(_text, _items(raw.get("notes", [])))),
            )
        except KeyError as error:
            raise MeterError(f"An energy result has no {error}.") from error
        except (TypeError, ValueError, OverflowError) as error:
            raise MeterError(f"An energy result cannot be read: {error}.") from error


DERIVED = (
    *("joules", "sigma_j", "net_j", "net_sigma_j", "watts", "idle_watts", "seconds", "runs", "drift"),
    *("pending", "rejected"),
)
"""Numbers of an `EnergyResult` that follow from the others."""


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _window(raw: Any) -> Window:
    start, end, runs, watts, sigma = _exactly(5, raw, lambda each: each)
    if isinstance(runs, bool) or not isinstance(runs, int) or runs > 10**12:
        raise ValueError(f"{str(runs)[:40]} is no number of runs")
    some = [None if each is None else _number(each) for each in (watts, sigma)]
    return Window(_number(start), _number(end), runs, *some)


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(f"{str(raw)[:40]!r} is no number")
    number = float(raw)
    if not abs(number) < 1e15:
        raise ValueError(f"{number:g} is out of range")
    return number


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > 10_000:
        raise ValueError(f"{str(raw)[:40]!r} is no text")
    return raw


def _items(raw: Any) -> list[Any]:
    if not isinstance(raw, (list, tuple)) or len(raw) > _MOST:
        raise ValueError(f"{str(raw)[:40]!r} is no list")
    return list(raw)


def _exactly(count: int, raw: Any, each: Callable[[Any], Any]) -> list[Any]:
    items = _items(raw)
    if len(items) != count:
        raise ValueError(f"{str(raw)[:80]} has not {count} parts")
    return [each(item) for item in items]
