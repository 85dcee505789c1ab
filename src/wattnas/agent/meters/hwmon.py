"""Sensors of power and energy that the kernel drives (`/sys/class/hwmon`), and rails of Jetsons.

Source: Documentation/hwmon/sysfs-interface.rst, ina2xx.rst and ina3221.rst of Linux. Units: energyN_input
microjoules, powerN_input and powerN_average microwatts, currN_input milliamperes, inN_input millivolts. An
INA3221 has channels 1 to 3; its in4 to in7 are voltages over the shunts, and its curr4 is the sum of the
others.

Which of several sensors to add up is never guessed, since a rail may feed another: one is taken where only
one can be meant, else the user names them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from wattnas.agent.meters.base import NO_METER, BaseMeter, Clock
from wattnas.agent.meters.counter import Counter, CounterMeter
from wattnas.agent.meters.power import PowerMeter
from wattnas.agent.meters.sysfs import folders, read_count, read_number
from wattnas.errors import MeterError
from wattnas.machine import read_line

_SENSORS = "sys/class/hwmon"
_GRANT = "Grant reading with a udev rule, or run as a user who may."
_FILE = re.compile(r"(energy|power|curr)([1-9][0-9]?)_(input|average)")
_WHOLE_MODULE = ("VDD_IN", "POM_5V_IN")  # rails of Jetson modules that feed all others
_UNUSED = ("NC", "")
_KINDS = ("energy", "power", "curr")  # what is read where a channel has several
_MICRO = 1e-6


class Channel(NamedTuple):
    """One thing that a sensor measures.

    Attributes:
        chip: the driver's name for the sensor.
        label: the rail, or kind and number where it has no name.
        kind: "energy", "power" or "curr" (current times voltage).
        file: energyN_input, powerN_input, powerN_average or currN_input.
        volts: inN_input, for a current.
    """

    chip: str
    label: str
    kind: str
    file: Path
    volts: Path | None = None

    @property
    def name(self) -> str:
        """Sensor and rail."""
        return f"{self.chip} {self.label}"

    def microjoules(self) -> int:
        """The count of an energy channel."""
        return read_count(self.file, _GRANT)

    def watts(self) -> float:
        """The power of any other channel."""
        reading = read_number(self.file, _GRANT)
        if reading < 0:
            raise MeterError(
                f"{self.name} reads {reading}: the current flows backwards.",
                "Swap IN+ and IN- of the sensor.",
            )
        if self.volts is None:
            return reading * _MICRO
        return reading * read_count(self.volts, _GRANT) * _MICRO  # milliamperes times millivolts


def open_hwmon(label: str | None = None, root: Path = Path("/"), clock: Clock = time.monotonic) -> BaseMeter:
    """A meter of the sensor that can only be meant, or of the rails in `label`, joined by "+".

    Raises:
        MeterError: there is none, it is not clear which, a label fits none or several, or one cannot be read.
    """
    channels = [channel for sensor in folders(root / _SENSORS, "hwmon*") for channel in _channels(sensor)]
    chosen = _default(channels) if label is None else [_named(part, channels) for part in label.split("+")]
    if len(set(chosen)) < len(chosen):
        raise MeterError(f"{label!r} names a sensor twice.", "Name each rail once.")
    domain = " + ".join(channel.name for channel in chosen)
    if all(channel.kind == "energy" for channel in chosen):
        counters = [Counter(channel.name, channel.microjoules, _MICRO) for channel in chosen]
        return CounterMeter("hwmon", domain, counters, clock=clock)
    if any(channel.kind == "energy" for channel in chosen):
        raise MeterError(f"{domain}: one counts energy and one gives power.", "Name rails of one kind.")
    watts = _sum(chosen)
    watts()  # a sensor that is there may still refuse
    return PowerMeter("hwmon", domain, watts, clock=clock)


def _sum(channels: list[Channel]) -> Callable[[], float]:
    return lambda: sum(channel.watts() for channel in channels)


def _default(channels: list[Channel]) -> list[Channel]:
    whole = [channel for channel in channels if channel.label in _WHOLE_MODULE]
    monitors = [channel for channel in channels if channel.chip.startswith("ina")]
    for some in (whole, monitors):
        if len(some) == 1:
            return some
    if not channels:
        raise MeterError(f"No sensor in /{_SENSORS} has an energy, power or current input.", NO_METER)
    names = ", ".join(channel.name for channel in channels)
    why = (
        "several sensors" if monitors else "no current monitor, and other sensors do not say what they cover"
    )
    raise MeterError(
        f"/{_SENSORS} has {why}: {names}.",
        f"Say what to add up: hwmon:label={channels[0].label}, several joined by +.",
    )


def _named(label: str, channels: list[Channel]) -> Channel:
    fits = [channel for channel in channels if label in (channel.label, channel.name)]
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(channel.name for channel in channels) or "none at all"
    how = "no sensor is" if not fits else f"{len(fits)} sensors are"
    raise MeterError(f"{how[0].upper()}{how[1:]} called {label!r}.", f"There is: {names}.")


def _channels(sensor: Path) -> list[Channel]:
    """Channels of one sensor by number, each once: its energy rather than its power or current."""
    chip = read_line(sensor / "name") or sensor.name
    found: dict[int, Channel] = {}
    files = [(file, match) for file in folders(sensor, "*") if (match := _FILE.fullmatch(file.name))]
    for kind in _KINDS:
        for file, match in sorted(files, key=lambda each: each[0].name, reverse=True):  # input before average
            number = int(match[2])
            if match[1] == kind and number not in found and not (chip == "ina3221" and number > 3):
                channel = _channel(sensor, chip, kind, number, file)
                if channel is not None:
                    found[number] = channel
    return [found[number] for number in sorted(found)]


def _channel(sensor: Path, chip: str, kind: str, number: int, file: Path) -> Channel | None:
    volts = sensor / f"in{number}_input"
    if kind == "curr" and not volts.exists():
        return None
    if read_line(sensor / f"in{number}_enable") == "0":
        return None
    stated = [sensor / f"{word}{number}_label" for word in (kind, "in", "curr")]
    label = next((read_line(path) or "" for path in stated if path.exists()), f"{kind}{number}")
    if label in _UNUSED:
        return None
    return Channel(chip, label, kind, file, volts if kind == "curr" else None)
