"""S2: accuracy and costs added, so that neither scales the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from wattnas.objective.base import Loss, Objective, Terms
from wattnas.objective.ccel import conditional_cross_entropy
from wattnas.objective.cost import LogForm, log_energy, log_latency


@dataclass(frozen=True)
class S2(Objective):
    """CCEL + log(lat)^beta + log(energy)^beta, CCEL at g = goal (Ozawa et al., method S2).

    Latency in microseconds, energy in millijoules. At goal 1.0 the cross-entropy stands in place of CCEL,
    unscaled at every accuracy: the paper's S2-Normal.
    """

    name: ClassVar[str] = "s2"

    beta: float = 0.5
    log_form: LogForm = "power_of_log"

    def __call__(self, terms: Terms) -> Loss:
        classification = self._classification(terms)
        latency = log_latency(terms.latency_s, self.beta, self.log_form)
        energy = log_energy(terms.energy_j, self.beta, self.log_form)
        return Loss(classification + latency + energy, classification, latency, energy, terms)

    def _classification(self, terms: Terms) -> Tensor:
        if self.goal == 1:
            return terms.cross_entropy
        return conditional_cross_entropy(terms.cross_entropy, terms.accuracy, self.goal)
