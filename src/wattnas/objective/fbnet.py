"""FBNet: cross-entropy times a power of the logarithm of latency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wattnas.objective.base import Loss, Objective, Terms, no_part
from wattnas.objective.cost import LogForm, log_latency


@dataclass(frozen=True)
class FBNet(Objective):
    """CE * alpha * log(lat)^beta (Wu et al., FBNet, equation 2), latency in microseconds.

    Its formula has neither goal nor energy; the goal is stored only. Defaults are Ozawa et al.'s FBNet1. At
    one microsecond and below the loss is 0 whatever the cross-entropy, so weights learn nothing there.
    """

    name: ClassVar[str] = "fbnet"

    alpha: float = 0.5
    beta: float = 0.6
    log_form: LogForm = "power_of_log"

    def __call__(self, terms: Terms) -> Loss:
        latency = self.alpha * log_latency(terms.latency_s, self.beta, self.log_form)
        return Loss(terms.cross_entropy * latency, terms.cross_entropy, latency, no_part(terms), terms)
