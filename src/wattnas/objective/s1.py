"""S1: accuracy and costs multiplied, so that the costs count for more the further the goal is away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wattnas.errors import ConfigError
from wattnas.objective.base import Loss, Objective, Terms
from wattnas.objective.ccel import conditional_cross_entropy
from wattnas.objective.cost import LogForm, log_energy, log_latency

MARGIN = 0.1


@dataclass(frozen=True)
class S1(Objective):
    """(CCEL + 1) * (log(lat)^beta + log(energy)^beta), CCEL at g = goal - 0.1 (Ozawa et al., method S1).

    Latency in microseconds, energy in millijoules. At goal 1.0 g is 0.9, by the same rule. From g on CCEL is
    0 and the costs alone are left; before it, the cross-entropy of a costly network weighs more, and so do
    the costs of a network that is still bad.

    Raises:
        ConfigError: the goal is 0.1 or less, which leaves nothing for g.
    """

    name: ClassVar[str] = "s1"

    beta: float = 0.5
    log_form: LogForm = "power_of_log"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.g <= 0:
            raise ConfigError(
                f"Objective 's1' needs a goal accuracy above {MARGIN}; it is {self.goal}.",
                "Ask for more, or take another method, such as s2.",
            )

    @property
    def g(self) -> float:
        """Batch accuracy from which CCEL is 0."""
        # 0.8 - 0.1 is 0.7000000000000001 in floats: a batch at exactly 0.7 would miss it.
        return round(self.goal - MARGIN, 12)

    def __call__(self, terms: Terms) -> Loss:
        classification = conditional_cross_entropy(terms.cross_entropy, terms.accuracy, self.g)
        latency = log_latency(terms.latency_s, self.beta, self.log_form)
        energy = log_energy(terms.energy_j, self.beta, self.log_form)
        return Loss((classification + 1) * (latency + energy), classification, latency, energy, terms)
