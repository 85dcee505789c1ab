"""Intervals of statistics over networks: whole networks are drawn again, with replacement."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RESAMPLES = 2000


class Interval(NamedTuple):
    """A statistic with its percentile 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def bootstrap(statistic: Callable[..., float], *columns: Array, seed: int = 0) -> Interval:
    """`statistic` of the columns, with its interval; the same at each call.

    Resamples in which the statistic is not defined (all points equal) are left out; scipy's bootstrap would
    give no interval at all then.
    """
    value = float(statistic(*columns))
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        picks = draw.integers(0, len(columns[0]), len(columns[0]))
        with np.errstate(all="ignore"):
            again = float(statistic(*(column[picks] for column in columns)))
        if np.isfinite(again):
            found.append(again)
    if not found:
        return Interval(value, value, value)
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def r_squared(observed: Array, fitted: Array) -> float:
    """Share of the variance that a fit explains; NaN where there is none."""
    total = float(((observed - observed.mean()) ** 2).sum())
    return 1 - float(((observed - fitted) ** 2).sum()) / total if total > 0 else float("nan")


def line(x: Array, y: Array) -> tuple[float, float]:
    """(intercept, slope) of least squares; slope NaN where all x are equal."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 0 else float("nan")
    return float(y.mean()) - slope * float(x.mean()), slope


def correlation(x: Array, y: Array) -> float:
    """Pearson's r; NaN where one of them does not vary."""
    a, b = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale > 0 else float("nan")
