"""Names beside points do not cover each other."""

from __future__ import annotations

from itertools import combinations

from wattnas.analysis.drawing import _free_place


def test_labels_at_one_place_are_moved_apart() -> None:
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(8):
        _free_place(50.0, 50.0, 30.0, taken)
    assert all(a[3] <= b[1] or b[3] <= a[1] for a, b in combinations(taken, 2))
