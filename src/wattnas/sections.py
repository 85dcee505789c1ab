"""The sections of a run's settings: small self-checking values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Rate = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(gt=0, lt=1)]
Decay = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """Unknown keys are refused; values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SplitSettings(Section):
    """Shares: test of all images (where the source has no test part), validation and theta of the rest."""

    theta: Share = 0.2
    validation: Share = 0.1
    test: Share = 0.2


class AugmentSettings(Section):
    """What is done to training images: random crop after `padding` pixels, random mirroring.

    `flip: auto` mirrors unless the data is known not to survive it (digits).
    """

    padding: Annotated[int, Field(ge=0, le=64)] = 4
    flip: Literal["auto", "on", "off"] = "auto"

    @field_validator("flip", mode="before")
    @classmethod
    def _unquoted(cls, value: Any) -> Any:
        """YAML reads an unquoted on or off as true or false."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class SearchSettings(Section):
    """Differentiable search (Ozawa et al., section 4; Wu et al., section 3).

    Attributes:
        mode: "sampled" (one candidate per layer and step) or "mixture" (all, weighted; the paper's).
        checkpointed: mixture alone: keep each layer's input only for the backward pass and compute the layer
            again there; less memory, more time.
        estimator: theta's gradient in sampled mode: "contrast", "score", "gdas" or "two_path" (see
            `supernet.gates`).
        theta_paths: paths that "contrast" compares on the same images.
        epochs: passes over the images for weights.
        theta_from_epoch: first epoch (from 0) in which theta learns.
        batch: images per step.
        weight_loss: "ce" (plain cross-entropy) or "total" (the objective, as in the paper).
        weight_warmup: share of the steps over which the rate of the weights rises to `weight_lr`; it then
            falls to 0 along a cosine.
        clip_norm: the weights' gradient is scaled down to this norm where it is longer; 0 leaves it.
        temperature, temperature_decay: gates' temperature is temperature * exp(-decay * epoch).
        min_steps: an epoch has at least so many weight steps, however few images there are.
    """

    mode: Literal["sampled", "mixture"] = "sampled"
    checkpointed: bool = False
    estimator: Literal["contrast", "score", "gdas", "two_path"] = "contrast"
    theta_paths: Annotated[int, Field(ge=2, le=64)] = 2
    epochs: Count = 8
    theta_from_epoch: Annotated[int, Field(ge=0)] = 2
    batch: Count = 64
    weight_loss: Literal["ce", "total"] = "ce"
    weight_lr: Rate = 0.05
    weight_warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03
    clip_norm: Annotated[float, Field(ge=0)] = 2.0
    weight_momentum: Decay = 0.9
    weight_decay: Decay = 1e-4
    theta_lr: Rate = 0.02
    theta_weight_decay: Decay = 0.0
    temperature: Rate = 5.0
    temperature_decay: Decay = 0.045
    min_steps: Count = 1

    @model_validator(mode="after")
    def _theta_learns(self) -> SearchSettings:
        if self.theta_from_epoch >= self.epochs:
            raise ValueError(
                f"theta_from_epoch {self.theta_from_epoch} leaves theta no epoch of {self.epochs} to learn in"
            )
        return self


class TrainSettings(Section):
    """Final training of the derived network from scratch, with SGD.

    Attributes:
        nesterov: the gradient is taken where the momentum leads (Sutskever et al., 2013).
        schedule: "onecycle" (up over `warmup` of the steps, then down to 0, cosine), or "steps" (times
            `gamma` at each epoch of `milestones`).
        clip_norm: the gradient is scaled down to this norm where it is longer; 0 leaves it.
        label_smoothing: share of the target spread over all classes.
        inherit: start from the weights that the supernet has for the network, with BatchNorm recalibrated.
    """

    epochs: Count = 12
    batch: Count = 64
    lr: Rate = 0.05
    momentum: Decay = 0.9
    nesterov: bool = False
    weight_decay: Decay = 5e-4
    schedule: Literal["onecycle", "steps"] = "onecycle"
    warmup: Share = 0.25
    milestones: tuple[int, ...] = ()
    gamma: Rate = 0.1
    clip_norm: Annotated[float, Field(ge=0)] = 2.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    inherit: bool = False
    min_steps: Count = 1

    def stretched(self, times: int) -> TrainSettings:
        """The same recipe over so many times the epochs."""
        milestones = tuple(times * epoch for epoch in self.milestones)
        return self.model_copy(update={"epochs": times * self.epochs, "milestones": milestones})

    @model_validator(mode="after")
    def _has_momentum(self) -> TrainSettings:
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("nesterov is a kind of momentum and needs one above 0")
        return self


class SupernetSettings(Section):
    """The shared supernet of method `goal`: trained once per images, space and recipe, then reused.

    Attributes:
        epochs: passes over the images for weights.
        sampling: "fair" (every candidate as often as every other, depths evenly; see `goals.paths`) or
            "uniform" (each layer draws among all candidates alike).
        survey: architectures whose inherited accuracy is measured once the supernet is trained.
        images: held-out images that an inherited accuracy is measured on, at most.
    """

    epochs: Count = 8
    batch: Count = 64
    lr: Rate = 0.05
    momentum: Decay = 0.9
    weight_decay: Decay = 1e-4
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03
    clip_norm: Annotated[float, Field(ge=0)] = 2.0
    sampling: Literal["fair", "uniform"] = "fair"
    min_steps: Count = 1
    survey: Annotated[int, Field(ge=16, le=100_000)] = 160
    images: Count = 1000


class SelectSettings(Section):
    """How method `goal` picks networks, and when it is content with one.

    Attributes:
        tolerance: a network that is this much more accurate than the goal is too expensive, if a cheaper one
            should do.
        confidence: probability, by the accuracy model, with which a network that is picked reaches its aim.
        pilots: networks of different cost that are trained before the first pick, while fewer are known.
        rounds: networks that are trained for one goal, pilots apart, at most.
        longer: how many times `train.epochs` a network may be trained where the goal is out of reach
            otherwise, or takes large networks; doubled step by step; 1: never longer.
        together: networks that are trained side by side, in processes that share the threads; 0: as many as
            there are threads, at most 4, where memory allows; 1 on a GPU.
        method: "evolution" or "dual" (differentiable, with multipliers); see docs/goals.md.
        evaluations: architectures that one pick looks at, about.
    """

    tolerance: Annotated[float, Field(gt=0, le=0.5)] = 0.03
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.7
    pilots: Annotated[int, Field(ge=0, le=64)] = 3
    rounds: Annotated[int, Field(ge=1, le=64)] = 6
    longer: Annotated[int, Field(ge=1, le=64)] = 4
    together: Annotated[int, Field(ge=0, le=64)] = 0
    method: Literal["evolution", "dual"] = "evolution"
    evaluations: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many times the usual epochs a network may be trained: 1, 2, 4 and so on up to `longer`."""
        return tuple(2**power for power in range(self.longer.bit_length()))


class BoundSettings(Section):
    """What a network may cost on the device, at most; None asks for nothing."""

    latency_s: Annotated[float, Field(gt=0)] | None = None
    energy_j: Annotated[float, Field(gt=0)] | None = None
    params: Annotated[float, Field(gt=0)] | None = None
    memory_bytes: Annotated[float, Field(gt=0)] | None = None

    def given(self) -> dict[str, float]:
        """Cost -> bound, of those that are asked for."""
        return {name: bound for name, bound in self.model_dump().items() if bound is not None}


Minimized = Literal["energy_j", "latency_s", "params", "macs", "memory_bytes"]
