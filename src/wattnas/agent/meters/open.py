"""Meters by name: what a specification such as "ina219:address=0x41" means, and what can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from wattnas.agent.meters.base import NO_METER, Meter, Probe
from wattnas.agent.meters.hwmon import open_hwmon
from wattnas.agent.meters.ina219 import Wiring, open_ina219
from wattnas.agent.meters.log import LogMeter
from wattnas.agent.meters.nvml import open_nvml
from wattnas.agent.meters.pmic import Line, open_pmic
from wattnas.agent.meters.rapl import open_rapl
from wattnas.agent.meters.replay import open_replay
from wattnas.agent.meters.zeus import open_zeus
from wattnas.errors import ConfigError, MeterError
from wattnas.machine import read_line

AUTO = ("rapl", "hwmon", "ina219", "pmic")
"""What `auto` tries, in this order. Networks run on the processor, so a GPU's meter has to be named."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "auto": (),
    "rapl": (),
    "hwmon": ("label",),
    "ina219": ("bus", "address", "shunt"),
    "pmic": ("scale", "offset"),
    "nvml": ("gpu",),
    "zeus": (),
}
"""Meters, each with what can be set."""
_WITH_PATH = ("log", "replay")
_KNOWN = ", ".join((*OPTIONS, *(f"{name}:PATH" for name in _WITH_PATH)))

_INTEGER = re.compile(r"0[xX][0-9a-fA-F]{1,4}|[0-9]{1,5}")
_DECIMAL = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")


def open_meter(spec: str, root: Path = Path("/")) -> Meter:
    """The meter that `spec` names, read once to see that it can be.

    Args:
        spec: a name, with `:key=value,...` or `:PATH` where it takes some; "auto" is the first that can be
            read.
        root: where `sys`, `proc` and `dev` are.

    Raises:
        ConfigError: no such meter or option, or a value out of range.
        MeterError: it cannot be read; the hint says what to do about it.
    """
    name, options = parse_spec(spec)
    if name == "auto":
        return _first(root)
    return _opener(name, options, root)()


def probes(root: Path = Path("/")) -> list[tuple[str, Probe]]:
    """Whether each meter of this machine can be read, in the order that `auto` tries; the others after.

    Each is opened and read, since one that is there may still refuse.
    """
    openers = {name: _careful(name, root) for name in AUTO}
    openers.update({name: _opener(name, {}, root) for name in OPTIONS if name not in (*AUTO, "auto")})
    return [(name, _probe(open_it, name in AUTO)) for name, open_it in openers.items()]


def parse_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Name and options of a specification; a path stands under "path". ConfigError for what is none."""
    name, colon, rest = spec.partition(":")
    if name in _WITH_PATH:
        if not rest or "\0" in rest:
            raise ConfigError(f"The meter {name} needs a file.", f"Write {name}:PATH.")
        return name, {"path": rest}
    if name not in OPTIONS:
        raise ConfigError(f"There is no meter {name[:40]!r}.", f"Known: {_KNOWN}.")
    options: dict[str, str] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = part.partition("=")
        if key not in OPTIONS[name] or not equals or not value or key in options:
            can = ", ".join(f"{each}=..." for each in OPTIONS[name]) or "nothing"
            raise ConfigError(f"The meter {name} does not take {part[:60]!r}.", f"It takes {can}, each once.")
        options[key] = value
    return name, options


def _opener(name: str, options: Mapping[str, str], root: Path) -> Callable[[], Meter]:
    """A call that opens the meter; its options are looked at right away."""
    if name in _WITH_PATH:
        path = Path(options["path"])
        return (lambda: LogMeter(path)) if name == "log" else (lambda: open_replay(path))
    if name == "ina219":
        plain = Wiring()
        wiring = Wiring(
            _integer(options, "bus", plain.bus),
            _integer(options, "address", plain.address),
            _decimal(options, "shunt", plain.shunt),
        )
        return lambda: open_ina219(wiring, root)
    if name == "pmic":
        line = Line(_decimal(options, "scale", 1.0), _decimal(options, "offset", 0.0))
        return lambda: open_pmic(line)
    if name == "nvml":
        gpu = _integer(options, "gpu", 0) if "gpu" in options else None
        return lambda: open_nvml(gpu)
    if name == "hwmon":
        return lambda: open_hwmon(options.get("label"), root)
    return open_zeus if name == "zeus" else (lambda: open_rapl(root))


def _careful(name: str, root: Path) -> Callable[[], Meter]:
    """As `_opener`, for a meter that nobody named: nothing is touched that may be something else."""
    if name == "ina219":
        return lambda: open_ina219(Wiring(), root, fresh_only=True)
    if name == "pmic":
        return lambda: _pmic_of_a_pi(root)
    return _opener(name, {}, root)


def _pmic_of_a_pi(root: Path) -> Meter:
    model = read_line(root / "proc/device-tree/model") or ""
    if not model.startswith("Raspberry Pi"):
        raise MeterError("This is no Raspberry Pi.", NO_METER)
    return open_pmic()


def _first(root: Path) -> Meter:
    reasons = []
    hints: dict[str, None] = {}
    for name in AUTO:
        try:
            return _careful(name, root)()
        except MeterError as error:
            reasons.append(f"{name}: {error.message}")
            hints[error.hint] = None
    hint = next((hint for hint in hints if hint and hint != NO_METER), NO_METER)
    raise MeterError(f"No energy meter can be read here. {' '.join(reasons)}", hint)


def _probe(open_it: Callable[[], Meter], tried: bool) -> Probe:
    try:
        meter = open_it()
    except MeterError as error:
        return Probe(False, error.message.rstrip("."), error.hint or NO_METER)
    meter.close()
    named = "" if tried else f"Not taken on its own: ask for it with --meter {meter.name}."
    return Probe(True, f"readable: {meter.domain}", named)


def _integer(options: Mapping[str, str], key: str, default: int) -> int:
    text = options.get(key)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text):
        raise ConfigError(f"{key}={text[:40]} is no whole number.", "Write 64 or 0x40.")
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text)


def _decimal(options: Mapping[str, str], key: str, default: float) -> float:
    text = options.get(key)
    if text is None:
        return default
    if not _DECIMAL.fullmatch(text):
        raise ConfigError(f"{key}={text[:40]} is no number.", "Write it as 0.1.")
    return float(text)
