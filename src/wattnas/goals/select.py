"""The one way in to the selectors, and to plain enumeration where a space is small enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from wattnas.goals.dual import select_by_dual
from wattnas.goals.evolution import select_by_evolution
from wattnas.goals.problem import Selection, SelectionProblem, best_of

Method = Literal["evolution", "dual"]
Selector = Callable[[SelectionProblem, Tensor, int, int], Selection]

SELECTORS: dict[Method, Selector] = {"evolution": select_by_evolution, "dual": select_by_dual}
"""Problem, seeds (N, layers), looks, seed -> the best architecture found."""

_CHUNK = 8192


def select(
    problem: SelectionProblem, seeds: Tensor, *, method: Method, evaluations: int, seed: int
) -> Selection:
    """The best architecture: the true one where the space has at most `evaluations`, else the best found."""
    if problem.candidates**problem.layers <= evaluations:
        return enumerate_all(problem)
    return SELECTORS[method](problem, seeds, evaluations, seed)


def enumerate_all(problem: SelectionProblem) -> Selection:
    """The best of all architectures of the space: for small ones."""
    total = problem.candidates**problem.layers
    best: Tensor | None = None
    for start in range(0, total, _CHUNK):
        paths = _numbered(torch.arange(start, min(start + _CHUNK, total)), problem)
        if best is not None:
            paths = torch.cat([best[None], paths])
        best = best_of(problem, paths, total).path
    assert best is not None
    return best_of(problem, best[None], total)


def _numbered(numbers: Tensor, problem: SelectionProblem) -> Tensor:
    """(N, layers): architectures by their number, the first layer's candidate the highest digit."""
    digits = [
        numbers // problem.candidates ** (problem.layers - 1 - layer) % problem.candidates
        for layer in range(problem.layers)
    ]
    return torch.stack(digits, dim=1)
