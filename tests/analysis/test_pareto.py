"""Fronts against the definition, tried on every pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.analysis.pareto import pareto_front

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@given(POINTS)
def test_the_front_is_what_no_other_beats(points: list[tuple[int, int]]) -> None:
    front = pareto_front([c for c, _ in points], [v for _, v in points])

    def beaten(point: tuple[int, int]) -> bool:
        return any(c <= point[0] and v >= point[1] and (c, v) != point for c, v in points)

    assert sorted({points[i] for i in front}) == sorted({p for p in points if not beaten(p)})
    assert len({points[i] for i in front}) == len(front)
    assert [points[i][0] for i in front] == sorted(points[i][0] for i in front)


def test_lengths_have_to_agree() -> None:
    with pytest.raises(ValueError, match="2 costs for 1 values"):
        pareto_front([1, 2], [1])
