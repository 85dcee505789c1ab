"""Intervals: the same each time, around the value, and about as wide as theory says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wattnas.analysis.bootstrap import bootstrap, correlation, line, r_squared


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    sample = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = bootstrap(lambda x: float(x.mean()), sample)
    assert found == bootstrap(lambda x: float(x.mean()), sample)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * sample.std() / 20, rel=0.1)


def test_a_line_and_what_it_explains() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert line(x, 2 + 3 * x) == pytest.approx((2.0, 3.0))
    assert correlation(x, -x) == pytest.approx(-1.0)
    assert r_squared(x, x) == 1.0
    assert r_squared(x, np.full(4, 2.5)) == 0.0


def test_what_does_not_vary_has_no_slope() -> None:
    same = np.ones(3)
    assert math.isnan(line(same, same)[1])
    assert math.isnan(correlation(same, same))
    assert math.isnan(r_squared(same, same))
    constant = bootstrap(correlation, same, same)
    assert math.isnan(constant.value)
