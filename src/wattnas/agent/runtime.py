"""ONNX Runtime as it is deployed: default graph optimisation, fixed threads, on fixed cores, no telemetry."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from wattnas.agent.timing import Run
from wattnas.errors import ConfigError, DeviceError

_CORES = "sys/devices/system/cpu"


def onnxruntime() -> ModuleType:
    """The onnxruntime module, imported at the first use and with its telemetry off."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(
            f"ONNX Runtime cannot be loaded: {error}.",
            "Install it where this runs: python3 -m pip install onnxruntime (64-bit systems only).",
        ) from error


def open_session(model: bytes, threads: int, name: str = "the network") -> Any:
    """An inference session on the CPU: `threads` threads inside an operation, one operation at a time.

    Raises:
        ConfigError: fewer than one thread.
        DeviceError: the runtime does not accept the model.
    """
    if threads < 1:
        raise ConfigError(f"{threads} threads cannot run a network.", "Give 1 or more.")
    ort: Any = onnxruntime()
    try:
        return cpu_session(ort, model, threads)
    except Exception as error:  # its exception classes share no public base
        reason = " ".join(str(error).split()).rstrip(".")
        raise DeviceError(
            f"ONNX Runtime {ort.__version__} does not load {name}: {reason}.",
            "Export it again; a runtime older than the one that exported it may lack an operation.",
        ) from error


def cpu_session(ort: Any, model: bytes, threads: int) -> Any:
    """A session as it is deployed; raises whatever the runtime `ort` raises."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Its fallback would print to the terminal and try the same provider again.
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"], enable_fallback=0)


def runner(session: Any, batch: int = 1) -> Run:
    """A call that runs `session` once on `batch` random images of the shape it takes."""
    port = session.get_inputs()[0]
    shape = [batch, *port.shape[1:]]
    if not all(isinstance(side, int) and side > 0 for side in shape):
        raise DeviceError(
            f"A network with input {port.shape} cannot be timed.", "Fix its sides but the first."
        )
    feed = {port.name: np.random.default_rng(0).random(shape, dtype=np.float32)}
    return lambda: session.run(None, feed)


def pin(threads: int, root: Path = Path("/")) -> list[int]:
    """Keep this process on `threads` cores, the fastest that it may use; returns them, or [] where it cannot.

    Boards with cores of two speeds would else time a network now on one kind and now on the other.
    """
    try:
        allowed = sorted(os.sched_getaffinity(0))
        cores = sorted(allowed, key=lambda core: (-_speed(core, root), -core))[:threads]
        os.sched_setaffinity(0, cores)
    except (AttributeError, OSError):  # no such call outside Linux, or not allowed
        return []
    return sorted(cores)


def _speed(core: int, root: Path) -> int:
    """A number that grows with the speed of a core; 0 where the system does not say."""
    for name in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
        try:
            return int((root / _CORES / f"cpu{core}" / name).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return 0
