"""The meters that the package `zeus` finds, to check the others against.

Source: zeus.monitor.ZeusMonitor of zeus 0.10 and later. Its processor figure is the powercap package, its GPU
figure NVML's counter, so it shares its sources with `rapl` and `nvml` and tells whether they were read
rightly, no more.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from wattnas.agent.meters.base import NO_METER, BaseMeter, Reading
from wattnas.errors import MeterError

_WINDOW = "wattnas"


class ZeusMeter(BaseMeter):
    """A zeus monitor behind our contract.

    Args:
        monitor: a `zeus.monitor.ZeusMonitor`, or what behaves like one.
    """

    def __init__(self, monitor: Any) -> None:
        super().__init__("zeus", "what zeus sees")
        self._monitor = monitor

    def _begin(self) -> None:
        self._call("begin_window")

    def _end(self) -> Reading:
        measured = self._call("end_window")
        parts = {
            part: math.fsum(found.values())
            for part in ("gpu", "cpu", "dram")
            if (found := getattr(measured, f"{part}_energy", None))
        }
        if not parts:
            raise MeterError("zeus sees no meter here.", "zeus shows what it finds: python -m zeus.show_env")
        self.domain = f"{' + '.join(parts)} as zeus sees it"
        return Reading(math.fsum(parts.values()), None, float(measured.time), 2, self.domain)

    def _release(self) -> None:
        self._monitor = None

    def _call(self, step: str) -> Any:
        try:
            # Nothing is queued on a GPU: waiting for it would import torch.
            return getattr(self._monitor, step)(_WINDOW, sync_execution=False)
        except Exception as error:
            raise MeterError(f"zeus fails: {error}.", NO_METER) from error


def open_zeus() -> ZeusMeter:
    """A meter over all that zeus finds on this machine.

    Raises:
        MeterError: no such package, or it finds nothing.
    """
    try:
        module = import_module("zeus.monitor")
    except Exception as error:  # it reaches into drivers while it is imported
        raise MeterError(
            f"The package zeus cannot be loaded: {' '.join(str(error).split())}.",
            "Where this runs: python3 -m pip install zeus (extra `zeus`). It only checks other meters.",
        ) from error
    try:
        monitor = module.ZeusMonitor()
    except Exception as error:
        raise MeterError(f"zeus does not start: {error}.", NO_METER) from error
    if not list(getattr(monitor, "gpu_indices", ())) and not list(getattr(monitor, "cpu_indices", ())):
        raise MeterError("zeus sees no meter here.", "It reads NVIDIA GPUs and Linux powercap.")
    return ZeusMeter(monitor)
