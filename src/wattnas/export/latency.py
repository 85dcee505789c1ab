"""Latency of an exported network in ONNX Runtime on this machine, in this process."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import numpy as np

from wattnas.agent.timing import Clock, Protocol, time_runs
from wattnas.errors import ConfigError
from wattnas.export.runtime import OnnxModel, onnxruntime
from wattnas.machine import read_machine
from wattnas.units import Quantity


def measure_latency(
    model: OnnxModel, *, batch: int = 1, protocol: Protocol | None = None, clock: Clock = time.perf_counter
) -> Quantity:
    """Seconds that `model` takes for one call with `batch` images, images and logits in memory.

    Args:
        batch: images in one call; the result is for all of them together.
        protocol: how long and how often; by default that of a device profile.
        clock: seconds, monotonic.

    Returns:
        Measured seconds; `n` counts rounds, which is what the interval stands on.
    """
    if batch < 1:
        raise ConfigError(f"{batch} images are nothing to measure.", "Give 1 or more.")
    images = np.random.default_rng(0).random((batch, *model.input_shape), dtype=np.float32)
    timing = time_runs(model.runner(images), protocol or Protocol(), clock)
    return Quantity(
        value=timing.seconds,
        unit="s",
        origin="measured",
        low=timing.low,
        high=timing.high,
        n=len(timing.rounds),
        source=f"{_source(model, batch)}, {len(timing.rounds)} rounds, {timing.runs} runs"
        + (", unsteady" if timing.wide else ""),
    )


def _source(model: OnnxModel, batch: int) -> str:
    version = onnxruntime().__version__
    threads = f"{model.threads} thread{'s' if model.threads > 1 else ''}"
    today = datetime.now(timezone.utc).date().isoformat()
    return f"{read_machine().cpu}, onnxruntime {version}, {threads}, batch {batch}, {today}"
