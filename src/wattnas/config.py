"""Settings of a run: small self-checking values, merged from defaults < preset < config file < flags."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wattnas.errors import ConfigError

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Rate = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(gt=0, lt=1)]
Decay = Annotated[float, Field(ge=0, le=1)]

PRESETS = ("demo", "standard", "paper")
GOAL_METHOD = "goal"
SHORT_COSTS = {"energy": "energy_j", "latency": "latency_s", "memory": "memory_bytes"}

# PyYAML's constructors let through whatever their conversions raise: KeyError for `!!bool x`, AttributeError
# for `!!timestamp x`, IndexError for `!!int ""`, ValueError for a 13th month.
NOT_YAML = (
    yaml.YAMLError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SplitSettings(_Section):
    """Shares: test of all images (where the source has no test part), validation and theta of the rest."""

    theta: Share = 0.2
    validation: Share = 0.1
    test: Share = 0.2


class AugmentSettings(_Section):
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


class SearchSettings(_Section):
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


class TrainSettings(_Section):
    """Final training of the derived network from scratch, with SGD.

    Attributes:
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
    weight_decay: Decay = 5e-4
    schedule: Literal["onecycle", "steps"] = "onecycle"
    warmup: Share = 0.25
    milestones: tuple[int, ...] = ()
    gamma: Rate = 0.1
    clip_norm: Annotated[float, Field(ge=0)] = 2.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    inherit: bool = False
    min_steps: Count = 1


class SupernetSettings(_Section):
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


class SelectSettings(_Section):
    """How method `goal` picks networks, and when it is content with one.

    Attributes:
        tolerance: a network that is this much more accurate than the goal is too expensive, if a cheaper one
            should do.
        confidence: probability, by the accuracy model, with which a network that is picked reaches its aim.
        pilots: networks of different cost that are trained before the first pick, while fewer are known.
        rounds: networks that are trained for one goal, pilots apart, at most.
        method: "evolution" or "dual" (differentiable, with multipliers); see docs/goals.md.
        evaluations: architectures that one pick looks at, about.
    """

    tolerance: Annotated[float, Field(gt=0, le=0.5)] = 0.03
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.7
    pilots: Annotated[int, Field(ge=0, le=64)] = 3
    rounds: Annotated[int, Field(ge=1, le=64)] = 4
    method: Literal["evolution", "dual"] = "evolution"
    evaluations: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000


class BoundSettings(_Section):
    """What a network may cost on the device, at most; None asks for nothing."""

    latency_s: Annotated[float, Field(gt=0)] | None = None
    energy_j: Annotated[float, Field(gt=0)] | None = None
    params: Annotated[float, Field(gt=0)] | None = None
    memory_bytes: Annotated[float, Field(gt=0)] | None = None

    def given(self) -> dict[str, float]:
        """Cost -> bound, of those that are asked for."""
        return {name: bound for name, bound in self.model_dump().items() if bound is not None}


Minimized = Literal["energy_j", "latency_s", "params", "macs", "memory_bytes"]


class Settings(_Section):
    """Everything that decides how a run goes; stored whole in `run.json`.

    Attributes:
        data: `digits`, a path, or a hub name.
        goal_accuracy: share of the test images to be classified right, 0 to 1; None (method `goal`, with at
            least one bound): as many as the bounds allow.
        method: "goal" (the least `minimize` that reaches the goal within `bounds`), or the objective of a
            differentiable search.
        minimize: the cost that method `goal` makes as low as it can.
        bounds: what a network may cost; method `goal` alone.
        device: name or path of a device profile, or `local`.
        space: name or path of a space, or `auto`: `tiny` for images up to 28 pixels, else `cifar`.
        image_size: side in pixels that images are brought to, for spaces that serve several; 0 takes the one
            nearest to the images' own that the device profile covers.
        threads: CPU threads for training and search; 0 leaves it to torch.
        processor: what search and training run on: "cuda", "cpu" or "auto" (a GPU where there is one).
        precision: "float32", "bfloat16" (autocast) or "auto" (bfloat16 on GPUs that have it).
        objective: options of the method, such as `beta` or `log_form`.
        checkpoint_s: seconds between checkpoints; a kill loses at most so much work.
    """

    data: Annotated[str, Field(min_length=1)] = "digits"
    skip_bad: bool = False
    goal_accuracy: Annotated[float, Field(gt=0, le=1)] | None = None
    method: Annotated[str, Field(min_length=1)] = "goal"
    minimize: Minimized = "energy_j"
    device: Annotated[str, Field(min_length=1)] = "ozawa-2021"
    space: Annotated[str, Field(min_length=1)] = "auto"
    image_size: Annotated[int, Field(ge=0, le=65536)] = 0
    preset: Literal["demo", "standard", "paper"] = "standard"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    processor: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    checkpoint_s: Annotated[float, Field(gt=0)] = 30.0
    objective: dict[str, float | str] = Field(default_factory=dict)
    split: SplitSettings = SplitSettings()
    augment: AugmentSettings = AugmentSettings()
    bounds: BoundSettings = BoundSettings()
    search: SearchSettings = SearchSettings()
    supernet: SupernetSettings = SupernetSettings()
    select: SelectSettings = SelectSettings()
    train: TrainSettings = TrainSettings()

    @property
    def is_goal(self) -> bool:
        """Whether the method is `goal`, which trains a shared supernet and picks from it."""
        return self.method == GOAL_METHOD

    def flat(self) -> dict[str, Any]:
        """Setting -> JSON-able value, those of sections as `section.key`."""
        found: dict[str, Any] = {}
        for key, value in self.model_dump(mode="json").items():
            parts = (
                {f"{key}.{name}": part for name, part in value.items()} if isinstance(value, dict) else None
            )
            found |= {key: value} if parts is None else parts
        return found

    @field_validator("minimize", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """`energy` means `energy_j`, and so on."""
        return SHORT_COSTS.get(value, value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _asks_for_something(self) -> Settings:
        if not self.is_goal and self.bounds.given():
            raise ValueError(f"Method {self.method!r} knows no bounds; method `goal` does")
        return self

    @field_validator("objective", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        """YAML takes 5e-1, without a point, for text."""
        return {key: _number(option) for key, option in value.items()} if isinstance(value, dict) else value


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def merge_settings(flags: Mapping[str, Any], config_file: Path | None = None) -> Settings:
    """Settings from defaults < preset < config file < flags.

    Args:
        flags: nested mapping of what was given on the command line; absent keys were not given.
        config_file: YAML or JSON file with the same keys as `Settings`.

    Raises:
        ConfigError: names the key, what was found and what is accepted.
    """
    chosen = read_config(config_file) if config_file is not None else {}
    chosen = _overlay(chosen, flags)
    preset = chosen.get("preset", "standard")
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}.", f"Presets: {', '.join(PRESETS)}.")
    merged = _overlay(read_preset(str(preset)), chosen)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(*describe(error)) from error
    return settings if settings.goal_accuracy is not None else _with_goal(settings)


def _with_goal(settings: Settings) -> Settings:
    """`settings` without a goal: as they are where bounds ask for something, else with that of the digits."""
    if settings.is_goal and settings.bounds.given():
        return settings
    if settings.data != "digits":
        raise ConfigError(
            "No goal was given.",
            "Say which accuracy you need, e.g. --goal-accuracy 0.80"
            + (", or a bound such as --max-latency 5ms." if settings.is_goal else "."),
        )
    return settings.model_copy(update={"goal_accuracy": 0.95})


def read_preset(name: str) -> dict[str, Any]:
    """The settings that preset `name` changes from the defaults."""
    text = (resources.files("wattnas") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def read_config(path: Path) -> dict[str, Any]:
    """The mapping in a user's YAML or JSON file."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Give the path of a YAML file.") from error
    except NOT_YAML as error:
        raise ConfigError(
            f"{path} is not YAML: {' '.join(str(error).split())}.", "Mend the syntax there."
        ) from error
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ConfigError(
            f"{path} does not hold settings.", "Write `key: value` lines; see docs/settings.md."
        )
    return loaded


def describe(error: ValidationError) -> tuple[str, str]:
    """(message, hint) of the first thing that is wrong, in terms of the settings file."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        section: Any = Settings
        for part in first["loc"][:-1]:
            section = section.model_fields[str(part)].annotation
        return f"There is no setting {where!r}.", f"Known here: {', '.join(section.model_fields)}."
    if not first["loc"]:
        return f"{first['msg'].removeprefix('Value error, ')}.", "See docs/settings.md."
    return (
        f"Setting {where} = {first['input']!r}: {first['msg']}.",
        "See docs/settings.md for what each accepts.",
    )


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, section by section."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = (
            _overlay(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
