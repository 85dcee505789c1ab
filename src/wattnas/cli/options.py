"""Options that several commands share, and how they become settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from wattnas.config import NOT_YAML, Settings, merge_settings
from wattnas.errors import ConfigError
from wattnas.units import parse_bytes, parse_count, parse_joules, parse_seconds

Data = Annotated[
    str | None,
    typer.Option(
        help="Images: digits (bundled), a folder with one sub-folder per class, Parquet, or a hub name such "
        "as uoft-cs/cifar10. [default: digits]"
    ),
]
Goal = Annotated[
    float | None,
    typer.Option(
        "--goal-accuracy",
        help="Share of test images to be classified right: 0.8 is 80 %. Without it, give a bound such as "
        "--max-latency, and get the most accurate network within the bounds. [default: for digits 0.95]",
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        help="goal (the cheapest network that meets the goal), or the objective of a differentiable search: "
        "s1, s2 (steer to the goal), fbnet (latency), hanna (latency and energy). [default: goal]"
    ),
]
Minimize = Annotated[
    str | None,
    typer.Option(
        help="What to make as low as can be: energy, latency, params, macs or memory. [default: energy]"
    ),
]
MaxLatency = Annotated[str | None, typer.Option(help="The network may take so long on the device: 5ms.")]
MaxEnergy = Annotated[str | None, typer.Option(help="It may take so much energy for one image: 0.4J.")]
MaxParams = Annotated[str | None, typer.Option(help="It may have so many parameters: 300k.")]
MaxMemory = Annotated[str | None, typer.Option(help="It may need so much memory at inference: 2MB.")]
Device = Annotated[
    str | None,
    typer.Option(
        help="Whose costs count: ozawa-2021, local (times this machine), or a profile file. "
        "[default: ozawa-2021]"
    ),
]
SpaceName = Annotated[
    str | None,
    typer.Option(
        "--space", help="What is searched: tiny, cifar, imagenet or a YAML file. [default: by image size]"
    ),
]
Preset = Annotated[
    str | None, typer.Option(help="demo (minutes), standard, or paper (days). [default: standard]")
]
Seed = Annotated[
    int | None,
    typer.Option(help="Decides everything random; the same seed gives the same result. [default: 0]"),
]
Threads = Annotated[int | None, typer.Option(help="CPU threads; 0 leaves it to torch. [default: 0]")]
SkipBad = Annotated[
    bool | None,
    typer.Option(
        "--skip-bad/--no-skip-bad", help="Leave unusable images out and count them, instead of stopping."
    ),
]
Inherit = Annotated[
    bool | None,
    typer.Option(
        "--inherit/--no-inherit",
        help="Start the final training from the supernet's weights instead of from scratch. [default: no]",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file with settings (docs/settings.md); flags win over it."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any setting by its key, as in --set train.epochs=20; may be repeated.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN_DIR", help="Run directory: what --out was, or what build printed.")
]


_BOUNDS: dict[str, tuple[str, Callable[[str], float]]] = {
    "max_latency": ("latency_s", parse_seconds),
    "max_energy": ("energy_j", parse_joules),
    "max_params": ("params", parse_count),
    "max_memory": ("memory_bytes", parse_bytes),
}
"""Flag -> its setting in section `bounds`, and what reads its text."""


def gather(config: Path | None, overrides: list[str] | None, **flags: Any) -> Settings:
    """Settings from the config file, `--set` and flags that were given (not None)."""
    given: dict[str, Any] = {key: value for key, value in flags.items() if value is not None}
    bounds = {setting: parse(given.pop(flag)) for flag, (setting, parse) in _BOUNDS.items() if flag in given}
    if bounds:
        given["bounds"] = bounds
    if "inherit" in given:
        given["train"] = {"inherit": given.pop("inherit")}
    for text in overrides or []:
        _put(given, text)
    return merge_settings(given, config)


def is_first_process() -> bool:
    """Whether this is the process that speaks and writes, of those that `torchrun` may have started."""
    return int(os.environ.get("RANK", "0")) == 0


def _put(settings: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals or not key.strip(". "):
        raise ConfigError(f"--set {text!r} is not key=value.", "Write e.g. --set train.epochs=20.")
    *sections, last = key.strip().split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
        if not isinstance(settings, dict):
            raise ConfigError(
                f"--set {text!r}: {section!r} is no section.", "See docs/settings.md for every key."
            )
    try:
        settings[last] = yaml.safe_load(value)
    except NOT_YAML as error:
        raise ConfigError(f"--set {text!r}: the value is not YAML.", "Quote it.") from error
