"""How a cost enters a loss: powers of its logarithm, or of itself, with a gradient that is finite everywhere.

`floored_log` and `held_power` replace a derivative that would be useless (0 under a floor) or infinite (a
root at 0). They do so straight-through: the value is the formula's, the gradient the one documented; second
derivatives there are 0. NaN comes out as NaN.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

LogForm = Literal["power_of_log", "log_of_power"]
LOG_FORMS: tuple[LogForm, ...] = ("power_of_log", "log_of_power")

MICROSECONDS_PER_SECOND = 1e6
MILLIJOULES_PER_JOULE = 1e3

LOG_HELD_BELOW = 0.01
"""Below this logarithm the slope of its power is held (costs less than 1 % above one unit)."""

COST_HELD_BELOW = 1e-9
"""Below this cost (a nanosecond, a nanojoule) the slope of its power is held."""


def floored_log(x: Tensor) -> Tensor:
    """Natural logarithm that never falls below 0 and never stops pointing to lower cost.

    Value: log(x) where x >= 1, else 0. Gradient: 1/x where x >= 1, else 1, the slope that the logarithm has
    where it meets its floor: the gradient is continuous, at most 1, and finite at x = 0 too.
    """
    # Comparisons with NaN are false, so a NaN takes the branch of the logarithm and stays NaN.
    below = x < 1
    logarithm = torch.log(torch.where(below, torch.ones_like(x), x))
    return logarithm + torch.where(below, x - x.detach(), torch.zeros_like(x))


def held_power(x: Tensor, exponent: float, held_below: float) -> Tensor:
    """x^exponent for x >= 0, with a slope that neither explodes nor vanishes near 0.

    Value: x^exponent. Gradient: exponent * max(x, held_below)^(exponent - 1), continuous in x. The true slope
    at 0 is infinite for exponents below 1, and 0 for exponents above 1. A negative x counts as 0.
    """
    held = x < held_below
    power = torch.where(held, torch.full_like(x, held_below), x) ** exponent
    slope = exponent * held_below ** (exponent - 1)
    line = x.detach().clamp(min=0) ** exponent + slope * (x - x.detach())
    return torch.where(held, line, power)


def log_cost(x: Tensor, exponent: float, form: LogForm) -> Tensor:
    """A cost's logarithm with its exponent, 0 or more; lower is better.

    `power_of_log` is log(x)^exponent, as printed in Ozawa et al.; `log_of_power` is log(x^exponent), as their
    program computes it, which is exponent * log(x).

    Args:
        x: cost (), in the unit that the logarithm counts in.
        exponent: above 0.
        form: one of `LOG_FORMS`.
    """
    logarithm = floored_log(x)
    if form == "log_of_power":
        return exponent * logarithm
    return held_power(logarithm, exponent, LOG_HELD_BELOW)


def log_latency(latency_s: Tensor, exponent: float, form: LogForm) -> Tensor:
    """`log_cost` of seconds, counted in microseconds."""
    return log_cost(latency_s * MICROSECONDS_PER_SECOND, exponent, form)


def log_energy(energy_j: Tensor, exponent: float, form: LogForm) -> Tensor:
    """`log_cost` of joules, counted in millijoules."""
    return log_cost(energy_j * MILLIJOULES_PER_JOULE, exponent, form)
