"""What state a device is in while it is measured: clock, heat, throttling, load, versions."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wattnas.machine import Machine, read_line, read_machine

_THROTTLE_COUNTS = "sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count"
_PI_NOW = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True)
class State:
    """A device at one moment; None where the system does not say.

    Attributes:
        machine: processor, cores, governor, clock, load.
        temperature_c: of the hottest thermal zone, degrees Celsius.
        throttle_events: times that a core was slowed down since the system started.
        throttled: what holds the device back right now, in words.
    """

    machine: Machine
    temperature_c: float | None = None
    throttle_events: int | None = None
    throttled: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain object."""
        return asdict(self)


def read_state(root: Path = Path("/")) -> State:
    """The state of this device, `proc` and `sys` read under `root`."""
    return State(read_machine(root), _temperature(root), _throttle_events(root), _pi_throttled())


def throttled_between(before: State, after: State) -> str | None:
    """Why a measurement between these two moments does not count; None where nothing speaks against it."""
    if after.throttled:
        return ", ".join(after.throttled)
    if before.throttle_events is not None and after.throttle_events is not None:
        events = after.throttle_events - before.throttle_events
        if events > 0:
            return f"the processor was throttled {events} time(s)"
    return None


def _temperature(root: Path) -> float | None:
    found = []
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*/temp")):
        try:
            celsius = int(read_line(zone) or "") / 1000
        except ValueError:
            continue
        if -50 < celsius < 200:
            found.append(celsius)
    return max(found, default=None)


def _throttle_events(root: Path) -> int | None:
    counts = []
    for path in root.glob(_THROTTLE_COUNTS):
        try:
            counts.append(int(read_line(path) or ""))
        except ValueError:
            continue
    return sum(counts) if counts else None


def _pi_throttled() -> tuple[str, ...]:
    """What a Raspberry Pi's firmware says; nothing elsewhere."""
    if shutil.which("vcgencmd") is None:
        return ()
    try:
        said = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ()
    return parse_throttled(said)


def parse_throttled(said: str) -> tuple[str, ...]:
    """What `vcgencmd get_throttled` ("throttled=0x50005") says of this moment; nothing for garbage."""
    name, _, number = said.strip().partition("=")
    try:
        bits = int(number, 16) if name == "throttled" else 0
    except ValueError:
        return ()
    return tuple(word for bit, word in _PI_NOW.items() if bits >= 0 and bits >> bit & 1)
