"""HANNA: cross-entropy plus a power of latency plus a power of energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from wattnas.objective.base import Loss, Objective, Terms
from wattnas.objective.cost import COST_HELD_BELOW, LOG_FORMS, LogForm, held_power, log_energy, log_latency

Transform = Literal["identity", "log"]
TRANSFORMS: tuple[Transform, ...] = ("identity", "log")


@dataclass(frozen=True)
class HANNA(Objective):
    """CE + alpha * T(lat)^beta + gamma * T(energy)^delta (Srinivas et al., arXiv 1906.07214).

    Its formula has no goal; the goal is stored only. `transform` is T: "identity" takes seconds and joules,
    as in Srinivas et al.; "log" takes the logarithm of microseconds and millijoules in the given `log_form`
    (which the identity does not use), as in Ozawa et al.'s FBNet3.

    Defaults: the identity; alpha and beta as in Wu et al. (FBNet, section 5), gamma and delta as in the
    training command that Srinivas et al. published. With the identity a cost weighs as its numbers are
    large: a device that needs milliseconds and millijoules wants a larger alpha and gamma.
    """

    name: ClassVar[str] = "hanna"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"log_form": LOG_FORMS, "transform": TRANSFORMS}

    alpha: float = 0.2
    beta: float = 0.6
    gamma: float = 0.6
    delta: float = 0.6
    transform: Transform = "identity"
    log_form: LogForm = "power_of_log"

    def __call__(self, terms: Terms) -> Loss:
        latency, energy = (
            self.alpha * self._latency(terms.latency_s),
            self.gamma * self._energy(terms.energy_j),
        )
        return Loss(terms.cross_entropy + latency + energy, terms.cross_entropy, latency, energy, terms)

    def _latency(self, latency_s: Tensor) -> Tensor:
        if self.transform == "log":
            return log_latency(latency_s, self.beta, self.log_form)
        return held_power(latency_s, self.beta, COST_HELD_BELOW)

    def _energy(self, energy_j: Tensor) -> Tensor:
        if self.transform == "log":
            return log_energy(energy_j, self.delta, self.log_form)
        return held_power(energy_j, self.delta, COST_HELD_BELOW)
