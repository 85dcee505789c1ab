"""The protocol of a latency: warm-up, then rounds in which every item has one window, in random order.

Slow drifts (heat, clock, other programs) then meet all items alike. An item's latency is the median over
rounds of the median within a round, so that neither a stray run nor a bad round decides it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from wattnas.export import bootstrap_median

Clock = Callable[[], float]

RESOLUTION_S = 1e-7
"""The least a block that runs can cost: less is below what the clock and the null session resolve."""


@dataclass(frozen=True)
class Protocol:
    """How long and how often.

    Attributes:
        rounds: windows per item.
        min_rounds: rounds done even when the budget is spent.
        warmup_s: seconds an item runs before the first round.
        window_s: seconds of an item's window in one round.
        min_runs: runs of a window that takes longer.
        budget_s: no round is started after this many seconds, once `min_rounds` are done.
        seed: of the order of items within a round, and of the bootstrap.
    """

    rounds: int = 9
    min_rounds: int = 5
    warmup_s: float = 0.05
    window_s: float = 0.02
    min_runs: int = 3
    budget_s: float = 60.0
    seed: int = 0


@dataclass(frozen=True)
class Timing:
    """Seconds of one item: median over `n` rounds, with a bootstrap 95 % interval of that median."""

    seconds: float
    low: float
    high: float
    n: int


def time_rounds(
    items: Mapping[str, Callable[[], object]],
    protocol: Protocol,
    clock: Clock = time.perf_counter,
    on_round: Callable[[int], None] = lambda done: None,
) -> dict[str, list[float]]:
    """Median seconds of each item in each round, first round first; `on_round` hears how many are done."""
    start = clock()
    for run in items.values():
        _window(run, protocol.warmup_s, protocol.min_runs, clock)
    order, shuffle = list(items), random.Random(protocol.seed)
    medians: dict[str, list[float]] = {name: [] for name in items}
    for done in range(protocol.rounds):
        if done >= protocol.min_rounds and clock() - start > protocol.budget_s:
            break
        shuffle.shuffle(order)
        for name in order:
            items[name]()  # the caches still hold the item before it
            medians[name].append(median(_window(items[name], protocol.window_s, protocol.min_runs, clock)))
        on_round(done + 1)
    return medians


def _window(run: Callable[[], object], seconds: float, min_runs: int, clock: Clock) -> list[float]:
    """Seconds of each run, for at least `seconds` and `min_runs` runs."""
    times: list[float] = []
    start = now = clock()
    while len(times) < min_runs or now - start < seconds:
        run()
        before, now = now, clock()
        times.append(now - before)
    return times


def summarise(rounds: Sequence[float], null_rounds: Sequence[float], seed: int = 0) -> Timing:
    """An item's own latency: its rounds less those of the null session in the same rounds.

    Raised to `RESOLUTION_S` where the difference is smaller: work that is done is never free.
    """
    own = np.asarray(rounds, dtype=np.float64) - np.asarray(null_rounds, dtype=np.float64)
    low, high = bootstrap_median(own.tolist(), seed)
    seconds, floor = float(np.median(own)), RESOLUTION_S
    return Timing(
        seconds=max(seconds, floor),
        low=max(min(float(low), seconds), floor),
        high=max(float(high), seconds, floor),
        n=len(own),
    )
