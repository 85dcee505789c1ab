"""Which figure of an item's runs stands for what it takes: the one that repeats best on this device.

Where other programs take turns with a network, medians jump and only a low quantile holds still. Where
nothing disturbs it, that quantile is the worse one: it hangs on the few runs that were lucky, and is another
in the next process. None is right everywhere, so the timings decide, by the variance that a figure has

- from stretch to stretch, seen on the anchor, which is the same network in all of them, and
- from round to round, as far as it is left in one timing: by drawing rounds again, over all items.

A device that is faster in one stretch than in another adds the same to all, which changes no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from wattnas.device.link import Latency, Stretch

Statistic = Literal["quiet", "quarter", "median"]

WORDS: dict[Statistic, str] = {
    "quiet": "the 5 % quantile of all its runs",
    "quarter": "the 25 % quantile of the medians of its rounds",
    "median": "the median of the medians of its rounds",
}
"""The family, from the least disturbed to the steadiest; of two that repeat alike the first counts."""

_OF_ROUNDS = {"quarter": 0.25, "median": 0.5}
_RESAMPLES = 100


def seconds_by(item: Latency, by: Statistic) -> float:
    """Seconds of the item by this statistic; its median where the agent does not tell `quiet`."""
    if by == "quiet":
        return item.seconds if item.quiet_s is None else item.quiet_s
    return float(np.quantile(item.rounds, _OF_ROUNDS[by]))


@lru_cache(maxsize=4096)  # asked again whenever a campaign looks at what it has
def sigma_by(item: Latency, by: Statistic) -> float:
    """Standard deviation of `seconds_by`, by drawing rounds again; the same at each call."""
    if by == "quiet":
        return item.quiet_sigma_s
    rounds = np.array(item.rounds)
    picks = np.random.default_rng(0).integers(0, len(rounds), size=(_RESAMPLES, len(rounds)))
    return float(np.quantile(rounds[picks], _OF_ROUNDS[by], axis=1).std())


def steadiest(stretches: Sequence[Stretch]) -> Statistic:
    """The statistic that repeats best over these stretches, of which there is at least one."""
    told = all(stretch.anchor.quiet_s is not None for stretch in stretches)
    family = [by for by in WORDS if told or by != "quiet"]
    return min(family, key=lambda by: variance(stretches, by))


def variance(stretches: Sequence[Stretch], by: Statistic) -> float:
    """Of one timing by this statistic, as a share squared: between stretches and within them."""
    levels = np.log([seconds_by(stretch.anchor, by) for stretch in stretches])
    between = float(levels.var(ddof=1)) if len(levels) > 1 else 0.0
    items = [item for stretch in stretches for item in (stretch.anchor, *stretch.items.values())]
    return between + float(np.mean([(sigma_by(item, by) / seconds_by(item, by)) ** 2 for item in items]))
