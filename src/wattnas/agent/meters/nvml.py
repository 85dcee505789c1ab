"""NVIDIA GPUs through NVML (package `nvidia-ml-py`): their energy counter, else sampled power.

Source: NVML API reference. `nvmlDeviceGetTotalEnergyConsumption` counts millijoules since the driver was
loaded (Volta and later); `nvmlDeviceGetPowerUsage` gives milliwatts, averaged over a second from Ampere on
(but for GA100). A driver that starts may still refuse both, so each GPU is read before the meter is called
available.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from wattnas.agent.meters.base import NO_METER, BaseMeter, Clock
from wattnas.agent.meters.counter import Counter, CounterMeter
from wattnas.agent.meters.power import PowerMeter
from wattnas.errors import MeterError

_MILLI = 1e-3
_UPDATE_S = 0.1  # steps of 20 to 100 ms were seen
_SMI = "Check the driver with nvidia-smi."


class _Gpu(NamedTuple):
    label: str
    energy_mj: Callable[[], int]
    power_mw: Callable[[], int]


def open_nvml(gpu: int | None = None, clock: Clock = time.monotonic) -> BaseMeter:
    """A meter of all GPUs, or of the one with index `gpu` as nvidia-smi counts them.

    Raises:
        MeterError: no package, no driver, no GPU, or one that gives neither energy nor power.
    """
    nvml = _module()
    try:
        return _open(nvml, _gpus(nvml, gpu), clock)
    except BaseException:
        _shut_down(nvml)
        raise


def _open(nvml: Any, gpus: list[_Gpu], clock: Clock) -> BaseMeter:
    names = ", ".join(gpu.label for gpu in gpus)
    domain = f"{names} with its memory, without the processor"

    def release() -> None:
        _shut_down(nvml)

    try:
        counters = [Counter(gpu.label, gpu.energy_mj, _MILLI) for gpu in gpus]
        return CounterMeter("nvml", domain, counters, _UPDATE_S, clock=clock, release=release)
    except MeterError:
        for gpu in gpus:
            gpu.power_mw()

    def watts() -> float:
        return sum(gpu.power_mw() for gpu in gpus) * _MILLI

    note = "no energy counter: power sampled, which the driver may average over a second"
    return PowerMeter("nvml", domain, watts, 0.05, clock=clock, notes=(note,), release=release)


def _module() -> Any:
    try:
        nvml = import_module("pynvml")
    except ImportError as error:
        raise MeterError(
            "The package nvidia-ml-py is not installed.",
            "With an NVIDIA GPU, where this runs: python3 -m pip install nvidia-ml-py (extra `nvidia`).",
        ) from error
    try:
        nvml.nvmlInit()
    except Exception as error:  # nvml.NVMLError, a class made at run time
        raise MeterError(f"NVML does not start: {error}.", _SMI) from error
    return nvml


def _shut_down(nvml: Any) -> None:
    try:
        nvml.nvmlShutdown()
    except Exception:  # nothing is left to be done about it
        return


def _gpus(nvml: Any, only: int | None) -> list[_Gpu]:
    try:
        count = int(nvml.nvmlDeviceGetCount())
        wanted = range(count) if only is None else [index for index in range(count) if index == only]
        gpus = [_gpu(nvml, index) for index in wanted]
    except MeterError:
        raise
    except Exception as error:
        raise MeterError(f"NVML lists no GPU: {error}.", _SMI) from error
    if not gpus:
        which = "GPU" if only is None else f"GPU {only}"
        raise MeterError(f"NVML finds no {which} among {count}.", _SMI)
    return gpus


def _gpu(nvml: Any, index: int) -> _Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    name = nvml.nvmlDeviceGetName(handle)
    label = f"GPU {index} ({name.decode(errors='replace') if isinstance(name, bytes) else name})"

    def number(ask: str) -> Callable[[], int]:
        return lambda: _number(nvml, ask, handle, label)

    return _Gpu(label, number("nvmlDeviceGetTotalEnergyConsumption"), number("nvmlDeviceGetPowerUsage"))


def _number(nvml: Any, ask: str, handle: Any, label: str) -> int:
    try:
        found = getattr(nvml, ask)(handle)
    except Exception as error:  # nvml.NVMLError; an old module may lack the call
        raise MeterError(
            f"{label}: {error}.", "Ask the administrator for access to the GPU's counters."
        ) from error
    if not isinstance(found, int) or not 0 <= found < 2**63:
        raise MeterError(f"{label} answers {found!r}.", NO_METER)
    return found
