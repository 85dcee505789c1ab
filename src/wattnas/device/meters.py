"""Which energy meters can be read here. Probed by reading them, since a meter that is there may still refuse.

None of them is used for a profile yet: a local profile models energy, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

_NO_METER = "Without a meter, local profiles model energy from stated watts and say so."
_RAPL = "sys/class/powercap"
_HWMON = "sys/class/hwmon"
_HWMON_INPUTS = ("energy1_input", "power1_input", "power1_average", "curr1_input")


class Probe(NamedTuple):
    """Whether a meter can be read, what was found, and what to do."""

    available: bool
    detail: str
    hint: str = ""


def read_counter(path: Path) -> int:
    """The whole number in a sysfs file.

    Raises:
        OSError: it is missing or may not be read.
        ValueError: something else stands in it.
    """
    return int(path.read_text(encoding="ascii"))


def _folders(parent: Path, pattern: str) -> list[Path]:
    try:
        return sorted(parent.glob(pattern))
    except OSError:
        return []


def probe_rapl(root: Path = Path("/")) -> Probe:
    """Energy counters of processor packages under `sys/class/powercap`."""
    zones = _folders(root / _RAPL, "intel-rapl:*")
    if not zones:
        why = f"no intel-rapl zone in /{_RAPL} (no Intel or AMD counter, or hidden in a virtual machine)"
        return Probe(False, why, _NO_METER)
    readings = [_reading(zone / "energy_uj", _label(zone)) for zone in zones]
    grant = f"Grant it until the next boot: sudo chmod a+r /{_RAPL}/intel-rapl:*/energy_uj."
    return _verdict(readings, grant)


def probe_hwmon(root: Path = Path("/")) -> Probe:
    """Energy, power or current inputs of sensors under `sys/class/hwmon`."""
    readings = []
    for sensor in _folders(root / _HWMON, "hwmon*"):
        first = next((sensor / name for name in _HWMON_INPUTS if (sensor / name).exists()), None)
        if first is not None:
            readings.append(_reading(first, f"{_label(sensor)} {first.name}"))
    if not readings:
        return Probe(False, f"no sensor in /{_HWMON} has an energy, power or current input", _NO_METER)
    return _verdict(readings, "Grant reading with a udev rule, or run as a user who may.")


def _label(folder: Path) -> str:
    try:
        return (folder / "name").read_text(encoding="utf-8", errors="replace").strip() or folder.name
    except OSError:
        return folder.name


class _Reading(NamedTuple):
    label: str
    problem: str = ""
    denied: bool = False


def _reading(path: Path, label: str) -> _Reading:
    try:
        read_counter(path)
    except PermissionError:
        return _Reading(label, "permission denied", denied=True)
    except OSError as error:
        return _Reading(label, error.strerror or "unreadable")
    except ValueError:
        return _Reading(label, "holds no number")
    return _Reading(label)


def _verdict(readings: list[_Reading], grant: str) -> Probe:
    """Available if one can be read; a refused one brings the hint how to grant it."""
    if not readings:
        return Probe(False, "none found", _NO_METER)
    good = [reading.label for reading in readings if not reading.problem]
    bad = [f"{reading.label}: {reading.problem}" for reading in readings if reading.problem]
    denied = any(reading.denied for reading in readings)
    hint = grant if denied else ("" if good else _NO_METER)
    return Probe(bool(good), "; ".join([f"readable: {', '.join(good)}", *bad] if good else bad), hint)


def probe_nvml() -> Probe:
    """NVIDIA GPUs whose energy counter or power can be read through `nvidia-ml-py`."""
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return Probe(
            False, "package nvidia-ml-py is not installed", "With an NVIDIA GPU: pip install nvidia-ml-py."
        )
    try:
        nvml.nvmlInit()
    except Exception as error:  # nvml.NVMLError, a class made at run time
        return Probe(False, f"NVML does not start: {error}", "Check the driver with nvidia-smi.")
    try:
        return _verdict(list(_gpus(nvml)), "Ask the administrator for access to the GPU's counters.")
    except Exception as error:
        return Probe(False, f"NVML lists no GPU: {error}", "Check the driver with nvidia-smi.")
    finally:
        nvml.nvmlShutdown()


def _gpus(nvml: Any) -> Iterator[_Reading]:
    for index in range(nvml.nvmlDeviceGetCount()):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        label = f"GPU {index} ({nvml.nvmlDeviceGetName(handle)})"
        try:
            nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
            yield _Reading(f"{label} energy")
        except nvml.NVMLError:
            try:
                nvml.nvmlDeviceGetPowerUsage(handle)
                yield _Reading(f"{label} power")
            except nvml.NVMLError as error:
                yield _Reading(label, str(error))
