"""Latency of an exported network in ONNX Runtime on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from statistics import median
from typing import NamedTuple

import numpy as np

from wattnas.errors import ConfigError
from wattnas.export.runtime import OnnxModel, onnxruntime
from wattnas.machine import read_machine
from wattnas.units import Quantity

Clock = Callable[[], float]

WARMUP_S = 0.5
WARMUP_RUNS = 10
ROUNDS = 11
MIN_ROUND_RUNS = 3
_RESAMPLES = 2000


class Timing(NamedTuple):
    """Seconds of one run: median over rounds of the median in a round, with a bootstrap 95 % interval."""

    seconds: float
    low: float
    high: float
    rounds: int
    runs: int


def measure_latency(
    model: OnnxModel, *, batch: int = 1, seconds: float = 2.0, clock: Clock = time.perf_counter
) -> Quantity:
    """Seconds that `model` takes for one call with `batch` images, images and logits in memory.

    Args:
        batch: images in one call; the result is for all of them together.
        seconds: to spend on measuring, after a warm-up of half a second; slow networks take longer.
        clock: seconds, monotonic.

    Returns:
        Measured seconds; `n` counts rounds, which is what the interval stands on.
    """
    if batch < 1 or not 0 < seconds < 86400:
        raise ConfigError(
            f"{batch} images for {seconds} s is nothing to measure.", "Give 1 or more images, and a time."
        )
    images = np.random.default_rng(0).random((batch, *model.input_shape), dtype=np.float32)
    timing = time_runs(model.runner(images), seconds, clock)
    return Quantity(
        value=timing.seconds,
        unit="s",
        origin="measured",
        low=timing.low,
        high=timing.high,
        n=timing.rounds,
        source=f"{_source(model, batch)}, {timing.rounds} rounds of {timing.runs // timing.rounds} runs",
    )


def time_runs(run: Callable[[], object], seconds: float, clock: Clock = time.perf_counter) -> Timing:
    """Time `run`: warm-up, then `ROUNDS` rounds that share `seconds`, each with the same number of runs."""
    usual = median(_warm_up(run, clock)[-WARMUP_RUNS:])
    share = seconds / ROUNDS
    runs = max(MIN_ROUND_RUNS, round(share / usual) if usual > 0 else MIN_ROUND_RUNS)
    rounds = [median(_timed(run, clock) for _ in range(runs)) for _ in range(ROUNDS)]
    low, high = bootstrap_median(rounds)
    return Timing(median(rounds), low, high, ROUNDS, ROUNDS * runs)


def _warm_up(run: Callable[[], object], clock: Clock) -> list[float]:
    """Seconds of each run until both `WARMUP_S` and `WARMUP_RUNS` are reached."""
    start, times = clock(), [_timed(run, clock)]
    while len(times) < WARMUP_RUNS or clock() - start < WARMUP_S:
        times.append(_timed(run, clock))
    return times


def _timed(run: Callable[[], object], clock: Clock) -> float:
    start = clock()
    run()
    return clock() - start


def bootstrap_median(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap 95 % interval (low, high) of the median of `values`, the same at each call."""
    observed = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(observed), size=(_RESAMPLES, len(observed)))
    low, high = np.quantile(np.median(observed[picks], axis=1), (0.025, 0.975))
    return float(low), float(high)


def _source(model: OnnxModel, batch: int) -> str:
    version = onnxruntime().__version__
    threads = f"{model.threads} thread{'s' if model.threads > 1 else ''}"
    today = datetime.now(timezone.utc).date().isoformat()
    return f"{read_machine().cpu}, onnxruntime {version}, {threads}, batch {batch}, {today}"
