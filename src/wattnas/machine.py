"""What this machine is and in which state, as far as the system lets it be read."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_FLAGS = ("avx", "avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "neon", "asimd", "asimddp", "sve")


@dataclass(frozen=True)
class Machine:
    """A machine and its state at one moment; None where the system does not say.

    Attributes:
        cpu: model name of the processor.
        cores: logical cores.
        system: operating system, release and architecture.
        instructions: vector instruction sets that matter for inference.
        governor: frequency governor of the first core.
        frequency_hz: clock of the first core.
        load: load average over one minute.
    """

    cpu: str
    cores: int
    system: str
    instructions: tuple[str, ...] = ()
    governor: str | None = None
    frequency_hz: float | None = None
    load: float | None = None

    @property
    def state(self) -> str:
        """Governor, clock and load in words, the unreadable ones named as such."""
        clock = "unreadable" if self.frequency_hz is None else f"{self.frequency_hz / 1e6:.0f} MHz"
        load = "unreadable" if self.load is None else f"{self.load:.2f}"
        return f"governor {self.governor or 'unreadable'}, clock {clock}, load {load} on {self.cores} cores"


def read_machine(root: Path = Path("/")) -> Machine:
    """This machine, read from `proc` and `sys` under `root`; the system's own word where they say nothing."""
    facts = _cpuinfo(root / "proc/cpuinfo")
    cpufreq = root / "sys/devices/system/cpu/cpu0/cpufreq"
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    board = read_line(root / "proc/device-tree/model")
    return Machine(
        cpu=facts.get("model name")
        or facts.get("Model")
        or board
        or platform.processor()
        or platform.machine(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        instructions=tuple(flag for flag in _FLAGS if flag in flags),
        governor=read_line(cpufreq / "scaling_governor"),
        frequency_hz=_frequency(cpufreq / "scaling_cur_freq", facts.get("cpu MHz")),
        load=_number((read_line(root / "proc/loadavg") or "").split(" ")[0]),
    )


def read_line(path: Path) -> str | None:
    """The first line of a small file, without surrounding blanks; None where it is unreadable or empty."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\n").splitlines()
    except OSError:
        return None
    return lines[0].strip() if lines else None


def _cpuinfo(path: Path) -> dict[str, str]:
    """The first value of each key of /proc/cpuinfo; empty where there is none (not Linux)."""
    facts: dict[str, str] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return facts
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            facts.setdefault(key.strip(), value.strip())
    return facts


def _frequency(path: Path, megahertz: str | None) -> float | None:
    kilohertz = _number(read_line(path))
    if kilohertz is not None:
        return kilohertz * 1e3
    clock = _number(megahertz)
    return None if clock is None else clock * 1e6


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None
