"""Settings of a run: small self-checking values, merged from defaults < preset < config file < flags."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from wattnas.errors import ConfigError
from wattnas.sections import (
    AugmentSettings,
    BoundSettings,
    Minimized,
    SearchSettings,
    Section,
    SelectSettings,
    SplitSettings,
    SupernetSettings,
    TrainSettings,
)

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


class Settings(Section):
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
