"""Which batches are worth the time."""

from __future__ import annotations

from wattnas.analysis.latency import RUNS, affordable


def test_batches_that_do_not_fit_are_left_out() -> None:
    one = 8.0 / (4 * RUNS)
    assert affordable(one, [2, 4, 8], 8.0) == ([2, 4], [8])
    assert affordable(100.0, [2], 8.0) == ([], [2])
