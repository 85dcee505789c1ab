from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.meters.power import Sample
from wattnas.agent.meters.trace import Trace
from wattnas.errors import MeterError


def trace(*pairs: tuple[float, float]) -> Trace:
    return Trace([Sample(*pair) for pair in pairs])


RAMP = ((0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 4.0))  # 2 t watts until 2 s, then 4


@pytest.mark.parametrize(
    ("start", "end", "joules"),
    [(0.0, 3.0, 8.0), (0.0, 1.0, 1.0), (0.5, 1.5, 2.0), (1.5, 2.5, 3.75), (2.25, 2.75, 2.0), (1.0, 1.0, 0.0)],
)
def test_energy_under_a_ramp_by_hand(start: float, end: float, joules: float) -> None:
    assert trace(*RAMP).energy(start, end) == pytest.approx(joules)
    assert trace(*RAMP).mean(start, end) == (pytest.approx(joules / (end - start)) if end > start else None)


@pytest.mark.parametrize(
    ("start", "end"), [(-0.1, 1.0), (2.0, 3.1), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)]
)
def test_what_the_trace_does_not_hold_is_an_error(start: float, end: float) -> None:
    with pytest.raises(MeterError):
        trace(*RAMP).energy(start, end)
    assert trace(*RAMP).mean(start, end) is None


GAP = (*((float(t), 5.0) for t in range(5)), *((float(t), 5.0) for t in range(8, 12)))


@pytest.mark.parametrize(
    ("start", "end", "known"),
    [(0, 4, True), (8, 11, True), (3, 5, False), (5, 7, False), (7, 9, False), (0, 11, False)],
)
def test_a_gap_is_an_error_where_it_matters(start: float, end: float, known: bool) -> None:
    found = trace(*GAP)
    assert found.step_s == 1.0 and found.gap_s == 2.5
    if known:
        assert found.energy(start, end) == pytest.approx(5.0 * (end - start))
    else:
        with pytest.raises(MeterError, match=r"no sample from 4\.000 s to 8\.000 s"):
            found.energy(start, end)


def test_one_missing_sample_is_bridged() -> None:
    assert trace((0, 5), (1, 5), (2, 5), (4, 5), (5, 5)).energy(0, 5) == pytest.approx(25.0)


def test_two_samples_at_one_moment_make_a_step() -> None:
    stepped = trace((0, 1), (1, 1), (1, 3), (2, 3))
    assert stepped.energy(0.5, 1.5) == pytest.approx(0.5 + 1.5)


@pytest.mark.parametrize(
    "pairs", [(), ((0.0, 1.0),), ((1.0, 1.0), (1.0, 2.0)), ((0.0, 1.0), (2.0, 1.0), (1.0, 1.0), (3.0, 1.0))]
)
def test_what_is_no_trace(pairs: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(MeterError):
        trace(*pairs)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0.1, 1.0), st.floats(0, 100)), min_size=3, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_energy_agrees_with_a_fine_sum(steps: list[tuple[float, float]], one: float, two: float) -> None:
    times = np.cumsum([width for width, _ in steps])
    watts = np.array([power for _, power in steps])
    found = Trace([Sample(float(times[i]), float(watts[i])) for i in range(len(steps))])
    found._gaps = []
    start, end = (float(times[0] + share * (times[-1] - times[0])) for share in sorted((one, two)))
    end = min(end, float(times[-1]))
    grid = np.linspace(start, end, 20_001)
    naive = float(np.interp(grid, times, watts).mean() * (end - start))
    assert found.energy(start, end) == pytest.approx(naive, abs=0.02 + 2e-3 * naive)
