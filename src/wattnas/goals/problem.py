"""What a selection is asked, and how architectures are judged by it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor

from wattnas.device import NetworkCosts
from wattnas.goals.accuracy import AccuracyModel, with_shape
from wattnas.goals.survey import InheritedModel

BOUND_CONFIDENCE = 0.95
"""Probability with which a predicted cost has to lie within its bound."""
_Z_BOUND = NormalDist().inv_cdf(BOUND_CONFIDENCE)


@dataclass(frozen=True)
class Selection:
    """An architecture and what was expected of it when it was picked.

    Attributes:
        path: (layers,) int64.
        feasible: whether, by the model, it meets the goal and all bounds.
        violation: how far it misses, as the sum of relative misses; 0 where it is feasible.
        evaluations: architectures that were looked at.
    """

    path: Tensor
    feasible: bool
    violation: float
    evaluations: int


@dataclass(frozen=True)
class SelectionProblem:
    """The least `minimize` whose accuracy reaches `goal` and whose costs keep `bounds`.

    Attributes:
        costs: of the device.
        inherited: predicts inherited accuracy.
        accuracy: predicts accuracy after final training.
        minimize: which cost, in seconds, joules, bytes or as a count.
        goal: least accuracy, 0 to 1; None: the highest accuracy within the bounds is wanted.
        bounds: cost -> most.
        confidence: probability with which the goal has to be reached.
        excluded: (K, layers) architectures that are not wanted (again).
        times: of the usual epochs, how many the final training takes.
    """

    costs: NetworkCosts
    inherited: InheritedModel
    accuracy: AccuracyModel
    minimize: str
    goal: float | None
    bounds: Mapping[str, float]
    confidence: float
    excluded: Tensor | None = None
    times: int = 1

    @property
    def z(self) -> float:
        """How many standard deviations the lower bound of the accuracy lies below its mean."""
        return NormalDist().inv_cdf(self.confidence)

    @property
    def layers(self) -> int:
        """Searchable layers."""
        return self.inherited.shape.layers

    @property
    def candidates(self) -> int:
        """Candidates of a layer."""
        return self.inherited.shape.candidates

    def features(self, gates: Tensor) -> Tensor:
        """(N, 7 + layers) of gates (N, layers, candidates), by the model of inherited accuracies."""
        return with_shape(self.inherited.predict(gates), self.times, self.inherited.shape.features(gates))

    def lower_logit(self, features: Tensor) -> Tensor:
        """(N,) log-odds that the accuracy reaches with probability `confidence`."""
        mean, sigma = self.accuracy.predict(features)
        return mean - self.z * sigma

    def judge(self, paths: Tensor) -> tuple[Tensor, Tensor]:
        """(violation, score), each (N,), lower is better, of architectures (N, layers).

        A violation is the sum of what is missed: log-odds of the goal, and for each bound the share by which
        the upper end of the cost lies above it; infinite where the architecture is excluded. The score is the
        cost, or without a goal minus the lower log-odds.
        """
        costs, sigmas = self.costs.of(paths), self.costs.sigma(paths) if self.bounds else {}
        lower = self.lower_logit(self.features(self.inherited.shape.gates(paths)))
        violation = torch.zeros(len(paths), dtype=torch.float64)
        if self.goal is not None:
            violation += (goal_logit(self.goal) - lower).clamp_min(0.0)
        for name, bound in self.bounds.items():
            spread = _Z_BOUND * sigmas[name] if name in sigmas else 0.0
            violation += ((costs[name] + spread) / bound - 1.0).clamp_min(0.0)
        if self.excluded is not None and len(self.excluded):
            is_out = (paths[:, None, :] == self.excluded[None]).all(-1).any(-1)
            violation = torch.where(is_out, torch.inf, violation)
        return violation, costs[self.minimize] if self.goal is not None else -lower


def goal_logit(goal: float) -> float:
    """Log-odds of a goal; one of 1 is asked for as 0.9999."""
    clipped = min(goal, 0.9999)
    return math.log(clipped / (1.0 - clipped))


def best_of(problem: SelectionProblem, paths: Tensor, evaluations: int) -> Selection:
    """The best of architectures (N, layers)."""
    violation, score = problem.judge(paths)
    place = order(violation, score)[0]
    missed = float(violation[place])
    return Selection(paths[place], missed == 0.0, missed, evaluations)


def order(violation: Tensor, score: Tensor) -> Tensor:
    """Indices from best to worst: least violation first, then least score; the first of equals first."""
    by_score = torch.argsort(score, stable=True)
    return by_score[torch.argsort(violation[by_score], stable=True)]
