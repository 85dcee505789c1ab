"""Titles beside points cover neither each other nor the points, and stay in the frame."""

from __future__ import annotations

from itertools import combinations

import pytest

from wattnas.analysis.drawing import Box, free_place

FRAME = (0.0, 0.0, 200.0, 200.0)


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("point", [(100.0, 100.0), (195.0, 5.0), (5.0, 195.0)])
def test_titles_at_one_place_are_moved_apart(point: tuple[float, float]) -> None:
    taken: list[Box] = [(point[0] - 3, point[1] - 3, point[0] + 3, point[1] + 3)]
    for _ in range(8):
        free_place(point, 30.0, taken, FRAME)
    assert not any(meet(a, b) for a, b in combinations(taken, 2))
    assert all(box[0] >= 0 and box[2] <= 200 and box[1] >= 0 and box[3] <= 200 for box in taken[1:])


def test_without_left_all_stand_on_the_right() -> None:
    taken: list[Box] = []
    assert all(free_place((199.0, 100.0), 30.0, taken, FRAME, left=False)[0] > 0 for _ in range(5))
    assert not any(meet(a, b) for a, b in combinations(taken, 2))


def test_where_there_is_no_room_a_title_stands_all_the_same() -> None:
    assert free_place((100.0, 100.0), 30.0, [FRAME], FRAME) == (6.0, 0.0)
