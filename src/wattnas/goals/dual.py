"""Differentiable selection with multipliers: CCEL as a real constraint, weighed by dual ascent.

CCEL (Ozawa et al., section 4.2) lets the classification loss fade as the goal is reached, at a hand-set
weight against the costs. Here the goal and every bound have a multiplier that rises while they are missed
and falls while they are kept (Platt and Barr, *Constrained differential optimization*; Nocedal and Wright,
chapter 17), so that no weight has to be guessed:

    min over theta, max over lambda >= 0 of  log cost(gates) + sum_c lambda_c violation_c(gates)

with gates = softmax(theta / temperature), the violations log-odds missed and the logarithm of cost over
bound, below 0 where kept, and the temperature falling until the gates have decided. What is returned is
judged by `SelectionProblem`, spreads included.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from wattnas.goals.problem import Selection, SelectionProblem, best_of, goal_logit, order

_RATE, _ASCENT = 0.1, 0.1
_HOT, _COLD = 1.0, 0.1
_SAMPLES = 16
_RESTARTS = 4


def select_by_dual(problem: SelectionProblem, seeds: Tensor, evaluations: int, seed: int) -> Selection:
    """The best architecture that gradient descent finds; deterministic in `seed`.

    Each step looks at one relaxed architecture, and now and then at some that its gates would draw; the best
    of those is returned. It restarts `_RESTARTS` times, from the best seeds.

    Args:
        seeds: (N, layers), architectures to begin with, N >= 1.
        evaluations: steps and looks, in all.
    """
    generator = Generator().manual_seed(seed)
    steps = max(evaluations // (_RESTARTS * 3), 10)
    starts = _starts(problem, seeds)
    best = best_of(problem, starts, len(starts))
    looked = len(starts)
    for start in starts:
        found = _run(problem, start, steps, generator)
        looked += steps + len(found)
        best = best_of(problem, torch.cat([best.path[None], found]), looked)
    return best


def _starts(problem: SelectionProblem, seeds: Tensor) -> Tensor:
    """The seeds with the least violation and cost, at most `_RESTARTS`."""
    return seeds[order(*problem.judge(seeds))[:_RESTARTS]]


def _run(problem: SelectionProblem, start: Tensor, steps: int, generator: Generator) -> Tensor:
    """(M, layers): architectures that the gates stood for along one descent."""
    theta = torch.nn.functional.one_hot(start, problem.candidates).to(torch.float64) * 1.0
    theta.requires_grad_(True)
    adam = torch.optim.Adam([theta], lr=_RATE)
    names = [*(("goal",) if problem.goal is not None else ()), *problem.bounds]
    multipliers = torch.ones(len(names), dtype=torch.float64)
    seen: list[Tensor] = []
    for step in range(steps):
        temperature = _HOT * (_COLD / _HOT) ** (step / steps)
        gates = (theta / temperature).softmax(dim=-1)
        objective, violations = _relaxed(problem, gates)
        loss = objective + (multipliers * violations).sum()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        multipliers = (multipliers + _ASCENT * violations.detach()).clamp_min(0.0)
        if step % 8 == 7 or step + 1 == steps:
            seen.append(_drawn(theta.detach(), temperature, generator))
    found: Tensor = torch.unique(torch.cat(seen), dim=0)
    return found


def _drawn(theta: Tensor, temperature: float, generator: Generator) -> Tensor:
    """(samples + 1, layers): the arg max, and what the gates draw."""
    noise = -torch.empty(_SAMPLES, *theta.shape, dtype=theta.dtype).exponential_(generator=generator).log()
    drawn = (theta / temperature + noise).argmax(dim=-1)
    return torch.cat([theta.argmax(dim=-1)[None], drawn])


def _relaxed(problem: SelectionProblem, gates: Tensor) -> tuple[Tensor, Tensor]:
    """(objective (), violations (constraints,)) of gates (layers, candidates), below 0 where kept."""
    costs = problem.costs.relaxed(gates)
    lower = problem.lower_logit(problem.features(gates[None]))[0]
    violations = [goal_logit(problem.goal) - lower] if problem.goal is not None else []
    violations += [(costs[name].clamp_min(1e-300) / bound).log() for name, bound in problem.bounds.items()]
    stacked = torch.stack(violations) if violations else torch.zeros(0, dtype=torch.float64)
    if problem.goal is None:
        return -lower, stacked
    floor = float(
        problem.costs.relaxed(torch.full_like(gates, 1.0 / gates.shape[1]).detach())[problem.minimize]
    )
    return (costs[problem.minimize] + 1e-3 * floor).log(), stacked
