"""The contract of every loss: what one step knows goes in, a loss with its named parts comes out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import torch
from torch import Tensor

from wattnas.errors import ConfigError, NumericError
from wattnas.objective.cost import LOG_FORMS


@dataclass(frozen=True)
class Terms:
    """What one step knows; all scalars (), floating point, on one device.

    Attributes:
        cross_entropy: mean over the batch, nats; differentiable in weights and theta.
        accuracy: share of the batch classified right, 0 to 1; used as a constant, never differentiated.
        latency_s: expected latency under the gates, seconds; differentiable in theta.
        energy_j: expected energy under the gates, joules; differentiable in theta.
    """

    cross_entropy: Tensor
    accuracy: Tensor
    latency_s: Tensor
    energy_j: Tensor


@dataclass(frozen=True)
class Loss:
    """One step's loss, lower is better, and what it was put together from; all scalars ().

    Attributes:
        total: what is minimised; the only part to call `backward` on.
        classification, latency, energy: the parts as they stand in the objective's formula, factors included;
            a part that the objective does not have is 0. NaN and infinity pass through: see `check_finite`.
        terms: what went in.
    """

    total: Tensor
    classification: Tensor
    latency: Tensor
    energy: Tensor
    terms: Terms

    def named(self) -> dict[str, Tensor]:
        """The loss and its parts under the names they are logged by, cut off from the graph."""
        return {
            "loss": self.total.detach(),
            "classification_term": self.classification.detach(),
            "latency_term": self.latency.detach(),
            "energy_term": self.energy.detach(),
        }


@dataclass(frozen=True)
class Objective(ABC):
    """A loss that one step minimises. Fields are its settings; calling it is pure.

    Attributes:
        name: how settings, files and the command line call it.
        choices: the settings that are words, with the words they take; every other one is a positive number.
        goal: accuracy asked for, above 0 to 1. An objective without a goal in its formula stores it only.
    """

    name: ClassVar[str]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"log_form": LOG_FORMS}

    goal: float

    def __post_init__(self) -> None:
        _check_goal(self.goal)
        for setting in fields(self):
            value = getattr(self, setting.name)
            if setting.name in self.choices:
                self._check_choice(setting.name, value)
            else:
                # Settings are stored and compared: 1 and 1.0 have to be the same objective.
                object.__setattr__(self, setting.name, self._positive(setting.name, value))

    @abstractmethod
    def __call__(self, terms: Terms) -> Loss:
        """The loss of one step; the derivative treats the accuracy as a constant."""

    def settings(self) -> dict[str, str | float]:
        """Everything that shapes it, as JSON: `method`, `goal` and the options of `make_objective`."""
        return {"method": self.name} | {setting.name: getattr(self, setting.name) for setting in fields(self)}

    def _check_choice(self, setting: str, value: object) -> None:
        known = self.choices[setting]
        if value not in known:
            raise ConfigError(
                f"{setting} of objective {self.name!r} is {value!r}, which it does not know.",
                f"Write one of {', '.join(known)}.",
            )

    def _positive(self, setting: str, value: object) -> float:
        number = _number(value)
        if not 0 < number < math.inf:
            raise ConfigError(
                f"{setting} of objective {self.name!r} is {value!r}, not a number above 0.",
                "At 0 or below, more cost would not be worse; leave it out for its default.",
            )
        return number


def _number(value: object) -> float:
    """The value as a float; NaN, which no range holds, where it is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _check_goal(goal: Any) -> None:
    if not 0 < _number(goal) <= 1:
        raise ConfigError(
            f"The goal accuracy is {goal!r}; it has to lie above 0 and at most at 1.",
            "Write the share of images to be classified right, as in 0.8 for 80 %.",
        )


def no_part(terms: Terms) -> Tensor:
    """The 0 that stands for a part an objective does not have."""
    return torch.zeros_like(terms.cross_entropy, requires_grad=False)


def check_finite(loss: Loss, where: str) -> None:
    """Stop where a loss, or anything that went into it, is NaN or infinite. Waits for the device.

    Args:
        loss: the loss of one step.
        where: the step, for people: "search, epoch 3, step 17".

    Raises:
        NumericError: naming `where` and what is not finite; what went in is blamed before what came out.
    """
    went_in = {
        "cross entropy": loss.terms.cross_entropy,
        "accuracy": loss.terms.accuracy,
        "expected latency": loss.terms.latency_s,
        "expected energy": loss.terms.energy_j,
    }
    came_out = {
        "classification term": loss.classification,
        "latency term": loss.latency,
        "energy term": loss.energy,
        "loss": loss.total,
    }
    everything = [tensor.detach().to(loss.total) for tensor in (went_in | came_out).values()]
    values = dict(zip(went_in | came_out, torch.stack(everything).tolist(), strict=True))
    for group in (went_in, came_out):
        bad = [f"{part} is {values[part]}" for part in group if not math.isfinite(values[part])]
        if bad:
            raise NumericError(
                f"{where}: {', '.join(bad)}.",
                "Lower the learning rate where it names the cross entropy, see the cost table where a cost.",
            )
