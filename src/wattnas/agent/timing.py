"""The protocol of a latency: how long and how often a network runs before its time is believed.

Items are timed in stretches of at most 20, together with one anchor, a network that is the same in every
stretch. After a warm-up come rounds; in each round the anchor and then every item, in random order, has one
window. Slow drifts (heat, clock, other programs) then meet all items alike. An item's latency is the median
over rounds of the median within a round, so that neither a stray run nor a bad round decides it; its interval
is a bootstrap 95 % interval of that median.

Beside it stands what the item takes while nothing disturbs it: a low quantile of all its runs. Where other
programs or other machines on the same processor take turns with it, medians jump between two speeds and this
does not; so it decides whether a stretch was steady, whether an item needs more rounds (up to a cap, then it
is flagged), and is what such a device's items are compared by.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

import numpy as np

from wattnas.errors import ConfigError

Clock = Callable[[], float]
Run = Callable[[], object]

ANCHOR = ""
"""How the anchor stands among items, whose names have at least one letter."""
STRETCH = 20
"""Items between two looks at the anchor."""

QUIET = 0.05
"""Quantile of all runs of an item that stands for the undisturbed device. Lower is coarser, higher is reached
by disturbances: over 20 networks on a machine disturbed half of the time, two independent halves of the
rounds differed by 1.4, 1.3, 1.4, 1.7 and 3.1 % at 1, 5, 10, 20 and 50 %."""

_RESAMPLES = 1000
_QUIET_RESAMPLES = 50
_Z_95 = 1.96


@dataclass(frozen=True)
class Protocol:
    """How long and how often.

    Attributes:
        rounds: windows per item before its interval is looked at.
        max_rounds: windows per item at most.
        window_s: seconds of an item's window in one round, at least.
        min_runs: runs of a window, at least.
        warmup_s: seconds an item runs before the first round, at least.
        warmup_runs: runs before the first round, at least.
        half_width: half the 95 % interval of the undisturbed latency, over itself, that ends its rounds.
        drift: change of the undisturbed anchor within a stretch, over its latency, that rejects the stretch.
        attempts: times a rejected stretch is timed, at most; then the steadiest is kept and flagged.
        seed: of the order of items within a round.
    """

    rounds: int = 9
    max_rounds: int = 15
    window_s: float = 0.1
    min_runs: int = 3
    warmup_s: float = 0.5
    warmup_runs: int = 10
    half_width: float = 0.02
    drift: float = 0.03
    attempts: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        whole = (self.rounds, self.max_rounds, self.min_runs, self.warmup_runs, self.attempts)
        lengths = (self.window_s, self.warmup_s, self.half_width, self.drift)
        if not all(type(n) is int and n >= 1 for n in whole) or self.max_rounds < self.rounds:
            raise ConfigError(f"{self} counts less than one of something.", "Give whole numbers from 1.")
        if not all(isinstance(x, (int, float)) and 0 <= x <= 3600 for x in lengths):  # NaN is not
            raise ConfigError(f"{self} holds a length that is none.", "Give numbers from 0 to 3600.")
        if type(self.seed) is not int:
            raise ConfigError(f"{self} holds a seed that is none.", "Give a whole number.")

    def to_json(self) -> dict[str, Any]:
        """As a plain object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Any) -> Protocol:
        """What `to_json` gave; ConfigError for anything else."""
        known = {field.name for field in fields(cls)}
        if not isinstance(raw, dict) or not set(raw) <= known:
            raise ConfigError(
                f"{str(raw)[:200]} is no timing protocol.", f"It has {', '.join(sorted(known))}."
            )
        return cls(**raw)


@dataclass(frozen=True)
class Timing:
    """Seconds of one item.

    Attributes:
        seconds: median over rounds of the median within a round.
        low, high: bootstrap 95 % interval of that median.
        rounds: the medians within each round, in the order they were taken.
        runs: calls that were timed.
        wide: whether the undisturbed latency was still less certain than the protocol wants at the end.
        quiet_s: seconds while nothing disturbs the device: the 5 % quantile of all runs.
        quiet_sigma_s: standard deviation of that, by bootstrap over rounds.
    """

    seconds: float
    low: float
    high: float
    rounds: tuple[float, ...]
    runs: int
    wide: bool = False
    quiet_s: float = 0.0
    quiet_sigma_s: float = 0.0


@dataclass(frozen=True)
class Stretch:
    """What one stretch gave: its items, its anchor, and how far that drifted (share of its latency)."""

    items: dict[str, Timing]
    anchor: Timing
    drift: float
    rejected: str | None = None


def time_stretch(
    items: Mapping[str, Run], anchor: Run, protocol: Protocol, clock: Clock = time.perf_counter
) -> Stretch:
    """Time every item of `items`, with `anchor` once a round, by `protocol`."""
    runs: dict[str, Run] = {ANCHOR: anchor, **items}
    log: dict[str, list[list[float]]] = {name: [] for name in runs}
    for run in runs.values():
        _window(run, protocol.warmup_s, protocol.warmup_runs, clock)
    shuffle, names = random.Random(protocol.seed), list(items)
    for done in range(protocol.max_rounds):
        if done >= protocol.rounds:
            names = [name for name in names if _is_wide(log[name], protocol.half_width)]
            if not names:
                break
        shuffle.shuffle(names)
        for name in (ANCHOR, *names):
            runs[name]()  # the caches still hold the item before it
            log[name].append(_window(runs[name], protocol.window_s, protocol.min_runs, clock))
    timings = {name: summarise(windows, protocol.half_width) for name, windows in log.items()}
    drift = drift_of([quiet_level([window]) for window in log[ANCHOR]])
    why = f"the anchor drifted by {drift:.1%}" if drift > protocol.drift else None
    return Stretch({name: timings[name] for name in items}, timings[ANCHOR], drift, why)


def time_runs(run: Run, protocol: Protocol, clock: Clock = time.perf_counter) -> Timing:
    """Time one network on its own: its rounds, and more while its interval is wide."""
    windows: list[list[float]] = []
    _window(run, protocol.warmup_s, protocol.warmup_runs, clock)
    while len(windows) < protocol.rounds or (
        len(windows) < protocol.max_rounds and _is_wide(windows, protocol.half_width)
    ):
        windows.append(_window(run, protocol.window_s, protocol.min_runs, clock))
    return summarise(windows, protocol.half_width)


def _window(run: Run, seconds: float, min_runs: int, clock: Clock) -> list[float]:
    """Seconds of each run, for at least `seconds` and `min_runs` runs."""
    times: list[float] = []
    start = now = clock()
    while len(times) < min_runs or now - start < seconds:
        run()
        before, now = now, clock()
        times.append(now - before)
    return times


def summarise(windows: Sequence[Sequence[float]], half_width: float) -> Timing:
    """The timing that these windows make; each holds the seconds of its runs."""
    rounds = tuple(median(window) for window in windows)
    low, high = bootstrap_median(rounds)
    seconds, level, sigma = median(rounds), quiet_level(windows), _quiet_sigma(windows)
    return Timing(
        seconds=seconds,
        low=min(low, seconds),
        high=max(high, seconds),
        rounds=rounds,
        runs=sum(map(len, windows)),
        wide=_Z_95 * sigma > half_width * level,
        quiet_s=level,
        quiet_sigma_s=sigma,
    )


def _is_wide(windows: Sequence[Sequence[float]], half_width: float) -> bool:
    return _Z_95 * _quiet_sigma(windows) > half_width * quiet_level(windows)


def quiet_level(windows: Sequence[Sequence[float]]) -> float:
    """Seconds of a run while nothing disturbs the device: a low quantile of all runs in `windows`."""
    return float(np.quantile(np.concatenate([np.asarray(window) for window in windows]), QUIET))


def _quiet_sigma(windows: Sequence[Sequence[float]]) -> float:
    """Standard deviation of `quiet_level`, by drawing rounds again; the same at each call."""
    runs = [np.asarray(window, dtype=np.float64) for window in windows]
    picks = np.random.default_rng(0).integers(0, len(runs), size=(_QUIET_RESAMPLES, len(runs)))
    levels = [np.quantile(np.concatenate([runs[k] for k in pick]), QUIET) for pick in picks]
    return float(np.std(levels))


def bootstrap_median(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap 95 % interval (low, high) of the median of `values`, the same at each call."""
    observed = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(observed), size=(_RESAMPLES, len(observed)))
    low, high = np.quantile(np.median(observed[picks], axis=1), (0.025, 0.975))
    return float(low), float(high)


def drift_of(levels: Sequence[float]) -> float:
    """How far the least of the last third of `levels` lies from that of the first, as a share of the least.

    The least of a few rounds, because a disturbance can only lengthen one.
    """
    third = max(1, len(levels) // 3)
    first, last, least = min(levels[:third]), min(levels[-third:]), min(levels)
    return abs(last - first) / least if least > 0 else 0.0
