"""Architectures that weigh what each candidate brings against what it costs, layer by layer.

Costs add up over layers, and near an architecture the accuracy model is nearly a sum, too: its gradient in
the gates says what each candidate would bring. For given multipliers the best architecture is then found
layer by layer, exactly; a range of multipliers traces the front (Everett, *Generalized Lagrange Multiplier
Method*, Operations Research 11, 1963). What such a sum misses is left to the selectors.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from wattnas.goals.problem import SelectionProblem

_DECADES = 3.0
_SHARE_WITHOUT = 0.5


def marginal_paths(problem: SelectionProblem, around: Tensor, count: int, generator: Generator) -> Tensor:
    """(count, layers): the best architectures near `around` (layers,), for multipliers from low to high.

    Bounds get random multipliers, of which half are 0.
    """
    value = _scaled(_gain(problem, around))
    cost = _scaled(_table(problem, problem.minimize)) if problem.goal is not None else torch.zeros_like(value)
    weights = torch.logspace(-_DECADES, _DECADES, count, dtype=torch.float64)
    if problem.goal is None:
        weights = torch.ones_like(weights)
    total = cost - weights[:, None, None] * value
    for name in problem.bounds:
        drawn = torch.rand(count, dtype=torch.float64, generator=generator)
        most = 10.0 ** (_DECADES * (2.0 * torch.rand(count, dtype=torch.float64, generator=generator) - 1.0))
        multipliers = torch.where(drawn < _SHARE_WITHOUT, 0.0, most * weights.clamp_min(1.0))
        total = total + multipliers[:, None, None] * _scaled(_table(problem, name))
    return total.argmin(dim=-1)


def _gain(problem: SelectionProblem, around: Tensor) -> Tensor:
    """(layers, candidates): the gradient of the lower log-odds in the gates, at `around`."""
    gates = problem.inherited.shape.gates(around[None]).requires_grad_(True)
    lower = problem.lower_logit(problem.features(gates))
    (gradient,) = torch.autograd.grad(lower.sum(), [gates])
    gain: Tensor = gradient[0]
    return gain


def _table(problem: SelectionProblem, name: str) -> Tensor:
    """The cost of each cell; memory grows with the parameters."""
    return problem.costs.tables.get(name, problem.costs.tables["params"])


def _scaled(table: Tensor) -> Tensor:
    """Less each layer's least, in units of the usual spread, so that multipliers of 1 weigh alike."""
    above = table - table.amin(dim=1, keepdim=True)
    scale = above.mean()
    return above / scale if float(scale) > 0.0 else above
