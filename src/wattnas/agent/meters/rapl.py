"""Processor packages through Linux powercap (RAPL): `intel-rapl:N`, which AMD processors have too.

Source: Documentation/power/powercap/powercap.rst of Linux. A package is a zone of the first level whose name
begins with "package". Left out are its parts (core, uncore), which it contains, `psys`, which contains it,
and the zones of `intel-rapl-mmio`, the same counters by another path, wherever `intel-rapl` has a zone of
that name.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from wattnas.agent.meters.base import NO_METER, Clock
from wattnas.agent.meters.counter import Counter, CounterMeter
from wattnas.agent.meters.sysfs import folders, read_count
from wattnas.errors import MeterError
from wattnas.machine import read_line

_ZONES = "sys/class/powercap"
_CONTROLS = ("intel-rapl", "intel-rapl-mmio")  # the first one found of a name counts
_GRANT = f"Grant it until the next boot: sudo chmod a+r /{_ZONES}/intel-rapl*:*/energy_uj."
_MICROJOULE = 1e-6
_UPDATE_S = 1e-3  # "about 1 ms": Intel SDM, volume 3B, section on RAPL interfaces


def open_rapl(root: Path = Path("/"), clock: Clock = time.monotonic) -> CounterMeter:
    """A meter of all processor packages, each read once.

    Raises:
        MeterError: there is no package, or one of them cannot be read. Some of them would be less than the
            whole.
    """
    packages = _packages(root / _ZONES)
    if not packages:
        raise MeterError(
            f"No processor package in /{_ZONES} (no Intel or AMD counter, or hidden in a virtual machine).",
            NO_METER,
        )
    counters = [_counter(name, packages[name]) for name in sorted(packages)]
    domain = f"processor {', '.join(sorted(packages))}, without memory and board"
    return CounterMeter("rapl", domain, counters, _UPDATE_S, clock=clock)


def _counter(name: str, zone: Path) -> Counter:
    limit = zone / "max_energy_range_uj"
    return Counter(
        label=f"{name} ({zone.name})",
        read=lambda: read_count(zone / "energy_uj", _GRANT),
        unit_j=_MICROJOULE,
        wraps_at=read_count(limit, _GRANT) if limit.exists() else None,
    )


def _packages(zones: Path) -> dict[str, Path]:
    """Name -> zone of every package, each once."""
    found: dict[str, Path] = {}
    for control in _CONTROLS:
        mine = _of_control(zones, control)
        found.update({name: zone for name, zone in mine.items() if name not in found})
    return found


def _of_control(zones: Path, control: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for zone in folders(zones, f"{control}:*"):
        if not re.fullmatch(rf"{control}:[0-9]+", zone.name):
            continue  # intel-rapl:0:1 is a part of intel-rapl:0
        name = read_line(zone / "name")
        if name is None:
            raise MeterError(f"{zone} has no name, so what it contains is not known.", NO_METER)
        if not name.startswith("package"):
            continue
        if name in found and found[name].resolve() != zone.resolve():
            raise MeterError(f"{found[name].name} and {zone.name} are both called {name}.", NO_METER)
        found[name] = zone
    return found
