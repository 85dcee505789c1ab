"""What this machine, or a device behind a link, can do: versions, processor, memory, clock, energy meters.

Each thing is probed by using it. What is not available says why, and what to do about it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

from wattnas.agent.meters import probes
from wattnas.device.campaign import hardware_of
from wattnas.device.measured import LinkedDevice
from wattnas.export import onnxruntime
from wattnas.machine import Machine, read_machine
from wattnas.units import format_bytes, format_seconds

_LEAST_MEMORY = 2e9

METERS = {
    "rapl": "Linux powercap (rapl)",
    "hwmon": "kernel's power sensors (hwmon)",
    "ina219": "INA219 on I2C (ina219)",
    "pmic": "Raspberry Pi 5 (pmic)",
    "nvml": "NVIDIA (nvml)",
    "zeus": "zeus, a cross-check (zeus)",
}
"""What energy meters are called here, by their names in a specification, in the order that is tried."""


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: what it is.
        available: whether it can be used as it is.
        detail: what was found, or the reason why not.
        hint: what to do next; empty where nothing has to be done.
    """

    name: str
    available: bool
    detail: str
    hint: str = ""


def diagnose(root: Path = Path("/")) -> list[Finding]:
    """Everything worth knowing about this machine, `proc`, `sys` and `dev` read under `root`.

    Energy meters come in the order in which `--meter auto` tries them; the last two are taken only when
    named.
    """
    machine = read_machine(root)
    return [
        _python(),
        _package("torch", lambda: str(import_module("torch").__version__)),
        _package("onnxruntime", lambda: str(onnxruntime().__version__)),
        Finding("processor", True, f"{machine.cpu}, {machine.cores} cores, {_vectors(machine)}"),
        _memory(),
        _accelerator(),
        _latency(),
        _clock(machine),
        *(_meter(name, *probe) for name, probe in probes(root)),
    ]


def diagnose_device(device: LinkedDevice) -> list[Finding]:
    """What a device behind a link says of itself: what it runs, what stands in the way, its energy meters.

    Raises:
        DeviceError: it cannot be reached.
    """
    hello = device.hello()
    problems = [Finding("measuring", False, problem.message, problem.hint) for problem in hello.problems]
    versions = (
        f"Python {hello.python}, {hello.bits} bit, numpy {hello.numpy}, onnxruntime {hello.onnxruntime}"
    )
    return [
        Finding("agent", True, versions),
        Finding("processor", True, hardware_of(hello)),
        Finding("disk", True, f"{format_bytes(hello.free_bytes)} free in {hello.folder}"),
        *(problems or [Finding("measuring", True, f"wattnas profile --device {device.name}")]),
        *(_meter(meter.name, meter.available, meter.detail, meter.hint) for meter in device.meters()),
    ]


def _meter(name: str, available: bool, detail: str, hint: str) -> Finding:
    return Finding(f"energy: {METERS.get(name, name)}", available, detail, hint)


def _python() -> Finding:
    return Finding("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _package(name: str, version: Callable[[], str]) -> Finding:
    """Whether a package can be imported, not only whether it is installed."""
    try:
        return Finding(name, True, version())
    except Exception as error:  # a broken native library raises anything
        try:
            found = f"version {metadata.version(name)} is installed but cannot be loaded: {_line(error)}"
        except metadata.PackageNotFoundError:
            found = "not installed"
        return Finding(name, False, found, f"Install it anew: pip install --force-reinstall {name}.")


def _vectors(machine: Machine) -> str:
    return " ".join(machine.instructions) or "vector instruction sets unreadable"


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    detail = f"{format_bytes(memory.available)} available of {format_bytes(memory.total)}"
    enough = memory.available >= _LEAST_MEMORY
    hint = "" if enough else f"Close other programs: a search wants {format_bytes(_LEAST_MEMORY)}."
    return Finding("memory", enough, detail, hint)


def _accelerator() -> Finding:
    name = "accelerator (CUDA)"
    try:
        cuda = import_module("torch").cuda
        if cuda.is_available():
            return Finding(name, True, str(cuda.get_device_name(0)))
    except Exception as error:  # drivers fail in their own ways
        return Finding(
            name, False, f"torch cannot use it: {_line(error)}", "Check the driver with nvidia-smi."
        )
    return Finding(name, False, "torch sees none", "None is needed: wattnas runs on the CPU.")


def _latency() -> Finding:
    """Latency can be measured wherever there is a runtime and a clock; says how fine the clock is."""
    steps = [_tick() for _ in range(5)]
    step = format_seconds(min(steps))
    detail = f"ONNX Runtime on the CPU, clock steps of {step}; --device local measures a space"
    return Finding("latency", True, detail)


def _tick() -> float:
    start = now = time.perf_counter()
    while now == start:
        now = time.perf_counter()
    return now - start


def _clock(machine: Machine) -> Finding:
    name = "frequency scaling"
    if machine.governor is None:
        why = "no cpufreq in /sys, so the governor is unknown (common in virtual machines and outside Linux)"
        return Finding(name, False, why, "Keep the machine idle while it measures; watch the intervals.")
    if machine.governor != "performance":
        return Finding(
            name,
            True,
            machine.state,
            "For steadier latencies: sudo cpupower frequency-set -g performance.",
        )
    return Finding(name, True, machine.state)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
