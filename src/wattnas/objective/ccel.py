"""CCEL: the conditional cross-entropy loss, which goes quiet where a batch reaches the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from wattnas.objective.base import Loss, Objective, Terms, no_part


def conditional_cross_entropy(cross_entropy: Tensor, accuracy: Tensor, g: float) -> Tensor:
    """CE - (acc / g) * CE while acc < g, else 0 (Ozawa et al., CCEL); (), lower is better.

    The accuracy is a constant of the step, so the gradient is that of the cross-entropy times (1 - acc / g):
    full at accuracy 0, fading as the batch nears `g`, none from `g` on. A NaN in either comes out as NaN.

    Args:
        cross_entropy: (), nats.
        accuracy: (), 0 to 1.
        g: accuracy from which the loss is 0, above 0.
    """
    constant = accuracy.detach().to(cross_entropy)
    missing = torch.where(constant >= g, torch.zeros_like(constant), 1 - constant / g)
    return missing * cross_entropy


@dataclass(frozen=True)
class CCEL(Objective):
    """CCEL with g = goal, and no cost: what drives S1 and S2 to their accuracy, alone."""

    name: ClassVar[str] = "ccel"

    def __call__(self, terms: Terms) -> Loss:
        loss = conditional_cross_entropy(terms.cross_entropy, terms.accuracy, self.goal)
        return Loss(loss, loss, no_part(terms), no_part(terms), terms)
