"""Learning rates as pure functions of how far a stage is, so that a resumed run needs no scheduler state."""

from __future__ import annotations

import math


def cosine(progress: float) -> float:
    """Factor from 1 at progress 0 to 0 at progress 1 (Loshchilov and Hutter, equation 5, one cycle)."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def warm_cosine(progress: float, warmup: float) -> float:
    """Factor rising in a line to 1 at `warmup`, then falling to 0 along a cosine."""
    if progress < warmup:
        return progress / warmup
    return cosine((progress - warmup) / (1.0 - warmup))


def one_cycle(progress: float, warmup: float) -> float:
    """Factor from 1/25 up to 1 at `warmup`, then down to 0, both cosine (Smith and Topin)."""
    if progress < warmup:
        low = 1.0 / 25.0
        return low + (1.0 - low) * (1.0 - cosine(progress / warmup))
    return cosine((progress - warmup) / (1.0 - warmup))


def step_decay(epoch: int, milestones: tuple[int, ...], gamma: float) -> float:
    """gamma to the number of milestones reached by `epoch`."""
    return gamma ** sum(epoch >= milestone for milestone in milestones)
