"""How a latency is put; the protocol itself is tested with `agent/timing.py`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from wattnas.agent.timing import Protocol
from wattnas.errors import ConfigError
from wattnas.export import OnnxModel, measure_latency
from wattnas.machine import read_machine


def ticking(*seconds: float) -> Callable[[], float]:
    """A clock that goes on by `seconds`, over and over, at each look: before a window and after each run."""
    return itertools.accumulate(itertools.cycle(seconds)).__next__


def test_even_runs_by_the_usual_protocol(model: OnnxModel) -> None:
    """2^-7 s, exact in binary: a tenth of a second is 12.8 runs, and there are nine rounds."""
    found = measure_latency(model, clock=ticking(2**-7))
    assert (found.value, found.low, found.high) == (2**-7, 2**-7, 2**-7)
    assert (found.unit, found.origin, found.n) == ("s", "measured", 9)
    assert found.source.endswith(", 9 rounds, 117 runs")


def test_the_source_names_machine_runtime_threads_batch_and_day(model: OnnxModel) -> None:
    source = measure_latency(model, batch=2, clock=ticking(1.0)).source
    day = f"{datetime.now(timezone.utc):%Y-%m-}"
    for fact in (read_machine().cpu, "onnxruntime 1.", "1 thread,", "batch 2", day):
        assert fact in source


def test_an_uncertain_latency_says_so(model: OnnxModel) -> None:
    """Every window is slower than the one before it."""
    protocol = Protocol(rounds=4, max_rounds=5, window_s=0.0, min_runs=1, warmup_s=0.0, warmup_runs=1)
    now = itertools.accumulate(1.0 + k // 2 for k in itertools.count())
    found = measure_latency(model, protocol=protocol, clock=now.__next__)
    # Looks 0 and 1 are of the warm-up; window k ends with look 2k + 3, 2 + k after the one before it.
    assert (found.value, found.n) == (4.0, 5)
    assert found.source.endswith("5 rounds, 5 runs, unsteady")


def test_a_real_network(model: OnnxModel) -> None:
    brief = Protocol(rounds=3, max_rounds=3, window_s=0.001, warmup_s=0.0, warmup_runs=1)
    found = measure_latency(model, batch=2, protocol=brief)
    assert found.n == 3
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low <= found.value <= found.high


@pytest.mark.parametrize("batch", [0, -1])
def test_nothing_to_measure(model: OnnxModel, batch: int) -> None:
    with pytest.raises(ConfigError, match="nothing to measure"):
        measure_latency(model, batch=batch)
