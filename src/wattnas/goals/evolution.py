"""Evolutionary selection over the calibrated model (Real et al., *Regularized Evolution*; OFA)."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from wattnas.goals.marginal import marginal_paths
from wattnas.goals.problem import Selection, SelectionProblem, best_of, order

POPULATION = 128
PARENTS = 32
_FLIPS = 1.5
_MARGINAL_EVERY = 4
_MOST_PAIRS = 4096


def select_by_evolution(problem: SelectionProblem, seeds: Tensor, evaluations: int, seed: int) -> Selection:
    """The best architecture that about `evaluations` looks find; deterministic in `seed`.

    Half of the looks go to generations of mutated and crossed architectures, and now and then of those that
    weigh gain against cost near the best (`marginal_paths`); the rest to descent: from the best found, every
    change of one layer, then changes of two, until none helps or the looks are used up.

    Args:
        seeds: (N, layers), architectures to begin with, N >= 1.
    """
    generator = Generator().manual_seed(seed)
    population = _best(problem, _filled(seeds, problem, generator), POPULATION)
    looked, generation = len(population), 0
    while looked + 2 * POPULATION <= evaluations // 2:
        children = _children(population[:PARENTS], problem, generator)
        if generation % _MARGINAL_EVERY == 0:
            children = torch.cat([children, _weighed(problem, population[0], generator)])
        population = _best(problem, torch.cat([population, children]), POPULATION)
        looked, generation = looked + len(children), generation + 1
    return _descend(problem, population[0], evaluations, looked, generator)


def _filled(seeds: Tensor, problem: SelectionProblem, generator: Generator) -> Tensor:
    """The seeds, the cheapest architecture of all, and random ones."""
    cheapest = problem.costs.tables.get(problem.minimize, problem.costs.tables["macs"]).argmin(1)
    missing = max(POPULATION - len(seeds), POPULATION // 4)
    others = torch.randint(problem.candidates, (missing, problem.layers), generator=generator)
    return torch.cat([seeds, cheapest[None], others])


def _best(problem: SelectionProblem, paths: Tensor, count: int) -> Tensor:
    """The `count` best of the different ones, best first."""
    unique: Tensor = torch.unique(paths, dim=0)
    return unique[order(*problem.judge(unique))[:count]]


def _children(parents: Tensor, problem: SelectionProblem, generator: Generator) -> Tensor:
    """(POPULATION, layers): half of them crossed from two parents, all with a few layers drawn anew."""
    count, depth = POPULATION, problem.layers
    first = parents[torch.randint(len(parents), (count,), generator=generator)]
    second = parents[torch.randint(len(parents), (count,), generator=generator)]
    is_crossed = torch.rand(count, 1, generator=generator) < 0.5
    from_second = is_crossed & (torch.rand(count, depth, generator=generator) < 0.5)
    crossed = torch.where(from_second, second, first)
    is_new = torch.rand(count, depth, generator=generator) < _FLIPS / depth
    drawn = torch.randint(problem.candidates, (count, depth), generator=generator)
    return torch.where(is_new, drawn, crossed)


def _descend(
    problem: SelectionProblem, path: Tensor, evaluations: int, looked: int, generator: Generator
) -> Selection:
    best = best_of(problem, path[None], looked)
    stuck = False
    while looked < evaluations:
        near = _pairs(best.path, problem, generator) if stuck else _neighbours(best.path, problem)
        if stuck:
            near = torch.cat([near, _weighed(problem, best.path, generator)])
        looked += len(near)
        found = best_of(problem, torch.cat([best.path[None], near]), looked)
        is_same = bool((found.path == best.path).all())
        best = found
        if is_same and stuck:
            break
        stuck = is_same
    return Selection(best.path, best.feasible, best.violation, looked)


def _weighed(problem: SelectionProblem, around: Tensor, generator: Generator) -> Tensor:
    return marginal_paths(problem, around, POPULATION, generator)


def _neighbours(path: Tensor, problem: SelectionProblem) -> Tensor:
    """(layers * candidates, layers): every architecture that differs in one layer, and itself."""
    depth, width = problem.layers, problem.candidates
    near = path.repeat(depth * width, 1)
    rows = torch.arange(depth * width)
    near[rows, rows // width] = rows % width
    return near


def _pairs(path: Tensor, problem: SelectionProblem, generator: Generator) -> Tensor:
    """Architectures that differ in two layers: all of them where they are few, else random ones."""
    depth, width = problem.layers, problem.candidates
    pairs = torch.combinations(torch.arange(depth), 2)
    if not len(pairs):
        return path[None]
    cells = torch.cartesian_prod(torch.arange(len(pairs)), torch.arange(width), torch.arange(width))
    if len(cells) > _MOST_PAIRS:
        cells = cells[torch.randperm(len(cells), generator=generator)[:_MOST_PAIRS]]
    near = path.repeat(len(cells), 1)
    rows = torch.arange(len(cells))
    near[rows, pairs[cells[:, 0], 0]] = cells[:, 1]
    near[rows, pairs[cells[:, 0], 1]] = cells[:, 2]
    return near
