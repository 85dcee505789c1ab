"""Raspberry Pi 5: rails of its power management chip, as the firmware tells them (`vcgencmd pmic_read_adc`).

Every rail has a line for its current and one for its voltage, in any order:

    VDD_CORE_A current(7)=1.12518000A
    VDD_CORE_V volt(15)=0.89316150V

The kind and the index in brackets are left out by some versions (`VDD_CORE_A=1.1251A`, `VDD_CORE_V
volt=0.8931V`). Rails are paired by name, as the indices of a pair differ. EXT5V (the 5 V input) and BATT (the
clock's cell) have a voltage alone, so what hangs on 5 V (USB devices, fan, HATs) is not measured. Nor are
losses of the chip itself: users with a meter at the plug found lines such as 1.13 times the sum plus 0.64 W,
which `scale` and `offset` can take into account.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import NamedTuple

from wattnas.agent.meters.base import NO_METER, Clock, Hiccup
from wattnas.agent.meters.power import PowerMeter
from wattnas.errors import ConfigError, MeterError

_COMMAND = ("vcgencmd", "pmic_read_adc")
_LINE = re.compile(
    r"(?P<rail>[0-9A-Z][0-9A-Z_]{0,31})_(?P<kind>[AV])"
    r"(?:\s+(?:current|curr|volt|voltage)(?:\([0-9]{1,3}\))?)?"
    r"\s*=\s*(?P<value>-?[0-9]{1,6}(?:\.[0-9]{1,12})?)\s*(?P<unit>[AV])"
)
_UNMETERED = ("EXT5V", "BATT")
_CORE = "VDD_CORE"  # a list without it was cut off
_MOST = {"A": 60.0, "V": 30.0}
_PERIOD_S = 0.25  # each sample starts a program, which costs some milliseconds of one core
_ONLY_PI5 = "Only a Raspberry Pi 5 (or Compute Module 5, or 500) has this chip. " + NO_METER


class Line(NamedTuple):
    """Watts at the plug as a straight line of the watts that the rails add up to: scale * rails + offset."""

    scale: float = 1.0
    offset: float = 0.0


_PLAIN = Line()


def open_pmic(
    line: Line = _PLAIN, clock: Clock = time.monotonic, ask: Callable[[], str] | None = None
) -> PowerMeter:
    """A meter of the rails, read once.

    Args:
        line: correction of the sum; none by default.
        clock: seconds, never backwards.
        ask: gives the firmware's answer; by default runs vcgencmd.

    Raises:
        ConfigError: a correction that cannot be.
        MeterError: no such program, or an answer that is none.
    """
    if not (0.5 <= line.scale <= 3 and -5 <= line.offset <= 20):
        raise ConfigError(f"{line} is no correction of a Raspberry Pi.", "Scale 0.5 to 3, offset -5 to 20 W.")
    said = ask or ask_firmware
    rails = frozenset(parse_rails(said()))

    def watts() -> float:
        found = parse_rails(said())
        if frozenset(found) != rails:
            raise Hiccup("The firmware lists other rails than before.", NO_METER)
        return max(0.0, line.scale * math.fsum(found.values()) + line.offset)

    notes = ["5 V loads (USB, fan, HATs) are not measured"]
    if line != _PLAIN:
        notes.append(f"corrected: {line.scale:g} times the rails plus {line.offset:g} W")
    domain = f"{len(rails)} rails of the Raspberry Pi 5's power chip, without 5 V loads"
    return PowerMeter("pmic", domain, watts, _PERIOD_S, 2.0, clock, tuple(notes))


def ask_firmware() -> str:
    """What `vcgencmd pmic_read_adc` prints."""
    if shutil.which(_COMMAND[0]) is None:
        raise MeterError("There is no vcgencmd here.", _ONLY_PI5)
    try:
        done = subprocess.run(_COMMAND, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise Hiccup(
            f"vcgencmd does not answer: {error}.", "Try it by hand: vcgencmd pmic_read_adc"
        ) from error
    said = (done.stdout + done.stderr).decode("utf-8", errors="replace")
    if done.returncode != 0:
        raise MeterError(
            f"vcgencmd fails: {' '.join(said.split())[:200]}.",
            "If it may not open /dev/vcio: sudo usermod -aG video $USER, then log in again. " + _ONLY_PI5,
        )
    return said


def parse_rails(said: str) -> dict[str, float]:
    """Watts of each rail.

    Raises:
        MeterError: a line that is no reading, a rail told twice, or one with only one of current and voltage.
    """
    found: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for line in filter(None, map(str.strip, said.splitlines())):
        rail, kind, value = _reading(line)
        if rail in found[kind]:
            raise MeterError(f"vcgencmd tells {rail}_{kind} twice.", NO_METER)
        found[kind][rail] = value
    amperes = {rail: value for rail, value in found["A"].items() if rail not in _UNMETERED}
    volts = {rail: value for rail, value in found["V"].items() if rail not in _UNMETERED}
    if _CORE not in amperes:
        raise MeterError(f"vcgencmd tells nothing of {_CORE}.", _ONLY_PI5)
    alone = sorted(set(amperes) ^ set(volts))
    if alone:
        raise MeterError(f"vcgencmd tells only one of current and voltage of {', '.join(alone)}.", NO_METER)
    return {rail: amperes[rail] * volts[rail] for rail in amperes}


def _reading(line: str) -> tuple[str, str, float]:
    match = _LINE.fullmatch(line)
    if match is None or match["kind"] != match["unit"]:
        raise MeterError(f"vcgencmd says {line[:80]!r}, which is no reading.", _ONLY_PI5)
    value = float(match["value"])
    if not 0 <= value <= _MOST[match["unit"]]:
        raise MeterError(f"vcgencmd says {line[:80]!r}, which cannot be.", NO_METER)
    return match["rail"], match["kind"], value
