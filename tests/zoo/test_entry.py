"""Published figures as they were printed."""

from __future__ import annotations

import pytest

from wattnas.zoo.entry import Figure, billions, millions, percent


@pytest.mark.parametrize(
    ("figure", "count", "same"),
    [
        (millions("11.2", "a paper"), 11_173_962, True),
        (millions("11.2", "a paper"), 11_250_001, False),
        (millions("129", "a paper"), 128_812_810, True),
        (millions("7.00", "a paper"), 6_956_426, False),
        (billions("1.8", "a paper"), 1_814_073_344, True),
        (Figure("6998552", 1.0, "a paper"), 6_998_552, True),
        (Figure("6998552", 1.0, "a paper"), 6_998_553, False),
    ],
)
def test_a_count_matches_the_digits_printed(figure: Figure, count: float, same: bool) -> None:
    assert figure.matches(count) is same


def test_a_figure_is_stored_as_literature() -> None:
    quantity = percent("69.57", "a paper").quantity()
    assert quantity.value == pytest.approx(0.6957)
    assert (quantity.origin, quantity.unit, quantity.source) == ("literature", "1", "a paper")
