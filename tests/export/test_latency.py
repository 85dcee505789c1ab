from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timezone
from statistics import median

import pytest

from wattnas.errors import ConfigError
from wattnas.export import OnnxModel, measure_latency
from wattnas.export.latency import MIN_ROUND_RUNS, ROUNDS, WARMUP_RUNS, bootstrap_median, time_runs
from wattnas.machine import read_machine


class _Scripted:
    """A clock that only runs move: run i takes the i-th of `seconds`."""

    def __init__(self, seconds: Iterator[float]) -> None:
        self.now, self.runs, self._seconds = 0.0, 0, seconds

    def run(self) -> None:
        self.now += next(self._seconds)
        self.runs += 1

    def __call__(self) -> float:
        return self.now


def _time(seconds: Iterator[float], budget: float) -> tuple[_Scripted, tuple[float, float, float, int, int]]:
    clock = _Scripted(seconds)
    return clock, time_runs(clock.run, budget, clock)


def test_even_runs_share_the_budget() -> None:
    # 2^-7 s, exact in binary: 64 runs warm up for half a second, then 11 rounds share 1.1 s.
    clock, timing = _time(itertools.repeat(2**-7), 1.1)
    assert timing == (2**-7, 2**-7, 2**-7, ROUNDS, ROUNDS * 13)
    assert clock.runs == 64 + ROUNDS * 13


def test_slow_network_still_gets_its_warm_up_and_rounds() -> None:
    clock, timing = _time(itertools.repeat(1.0), 0.1)
    assert timing[3:] == (ROUNDS, ROUNDS * MIN_ROUND_RUNS)
    assert clock.runs == WARMUP_RUNS + ROUNDS * MIN_ROUND_RUNS


def test_slow_start_and_stray_runs_do_not_count() -> None:
    def seconds() -> Iterator[float]:
        yield from [1.0] * 5  # pages and caches
        for i in itertools.count():
            yield 1.0 if i % 7 == 0 else 0.125

    assert _time(seconds(), 10.0)[1][0] == 0.125


def test_median_over_rounds_of_medians_and_an_interval_around_it() -> None:
    levels = [0.25, 0.5, 0.125, 0.25, 0.5, 0.125, 0.25, 0.5, 0.125, 0.25, 0.375]

    def seconds() -> Iterator[float]:
        yield from [1.0] * WARMUP_RUNS
        for level in levels:
            yield from [level] * MIN_ROUND_RUNS

    value, low, high, rounds, _ = _time(seconds(), 1e-3)[1]
    assert (value, rounds) == (median(levels), 11)
    assert 0.125 <= low < value < high <= 0.5


def test_clock_too_coarse_to_see_a_run() -> None:
    assert _time(itertools.chain([1.0], itertools.repeat(0.0)), 1.0)[1][0] == 0.0


def test_bootstrap_is_repeatable_and_collapses_without_spread() -> None:
    values = [float(i) for i in range(11)]
    assert bootstrap_median(values) == bootstrap_median(values)
    low, high = bootstrap_median(values)
    # Order statistics of the binomial interval for a median of 11: the 2nd and the 10th value.
    assert 1 <= low <= 3 and 7 <= high <= 9
    assert bootstrap_median([4.0] * 9) == (4.0, 4.0)


def test_real_network(model: OnnxModel) -> None:
    found = measure_latency(model, batch=2, seconds=0.05)
    assert (found.unit, found.origin, found.n) == ("s", "measured", ROUNDS)
    assert found.low is not None and found.high is not None
    assert 0 < found.low <= found.value <= found.high < 1
    for fact in (
        read_machine().cpu,
        "onnxruntime 1.",
        "1 thread,",
        "batch 2",
        f"{datetime.now(timezone.utc):%Y-}",
    ):
        assert fact in found.source


@pytest.mark.parametrize(("batch", "seconds"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan")), (1, 1e9)])
def test_nothing_to_measure(model: OnnxModel, batch: int, seconds: float) -> None:
    with pytest.raises(ConfigError, match="nothing to measure"):
        measure_latency(model, batch=batch, seconds=seconds)
