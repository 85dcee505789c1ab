"""From a method's name and settings to its objective."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from wattnas.errors import ConfigError
from wattnas.objective.base import Objective
from wattnas.objective.ccel import CCEL
from wattnas.objective.fbnet import FBNet
from wattnas.objective.hanna import HANNA
from wattnas.objective.s1 import S1
from wattnas.objective.s2 import S2

_OBJECTIVES: dict[str, type[Objective]] = {kind.name: kind for kind in (S1, S2, FBNet, HANNA, CCEL)}

_PRESETS: dict[str, tuple[str, dict[str, float | str]]] = {
    "fbnet1": ("fbnet", {"alpha": 0.5, "beta": 0.6}),
    "fbnet2": ("fbnet", {"alpha": 0.2, "beta": 0.4}),
    "fbnet3": ("hanna", {"transform": "log", "alpha": 0.5, "beta": 0.5, "gamma": 1.5, "delta": 0.5}),
}
"""The FBNet forms that Ozawa et al. compare with, as objective and options."""


def known_methods() -> tuple[str, ...]:
    """The names that `make_objective` takes: the objectives, then their presets."""
    return (*_OBJECTIVES, *_PRESETS)


def make_objective(method: str, goal: float, /, **options: Any) -> Objective:
    """The objective called `method`, or a preset of one, which options then override.

    Args:
        method: one of `known_methods()`.
        goal: accuracy asked for, above 0 to 1.
        options: the objective's settings by name, such as `beta` or `log_form`; others keep their defaults.

    Raises:
        ConfigError: the method or an option is unknown, or a value is out of range.
    """
    name, preset = _PRESETS.get(method, (method, {}))
    if name not in _OBJECTIVES:
        raise ConfigError(f"There is no method {method!r}.", f"Methods: {', '.join(known_methods())}.")
    kind = _OBJECTIVES[name]
    known = [setting.name for setting in fields(kind) if setting.name != "goal"]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"Objective {name!r} has no setting {option!r}.",
                f"Its settings are {', '.join(known)}." if known else "It has none besides the goal.",
            )
    return kind(goal, **(preset | options))
