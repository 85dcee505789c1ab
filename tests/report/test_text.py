"""Numbers in words keep the number they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.report.text import counted, goal_text, number, pairs, share, span


def test_a_number_carries_its_exact_value() -> None:
    found = number(0.00231372, "s")
    assert (found.text, found.value) == ("2.314 ms", 0.00231372)
    assert number(324_650, "1").text == "324.6 k"
    assert number(0.0125, "J").text == "12.5 mJ"


@pytest.mark.parametrize(
    ("goal", "text"), [(0.65, "65 %"), (1.0, "100 %"), (0.9725, "97.25 %"), (0.07, "7 %")]
)
def test_a_goal_is_shown_as_it_was_given(goal: float, text: str) -> None:
    assert goal_text(goal) == text


@given(st.floats(0, 1))
def test_a_share_is_within_half_of_its_last_digit(value: float) -> None:
    text = share(value).text
    assert text.endswith(" %") and abs(float(text[:-2]) - 100 * value) <= 0.005 + 1e-9


def test_an_interval_names_both_ends() -> None:
    assert span(share(0.651), share(0.6772)) == "65.10 % to 67.72 %"


def test_one_is_singular() -> None:
    assert counted(1, "image") == "1 image"
    assert counted(5000, "image") == "5,000 images"
    assert counted(2, "class", "classes") == "2 classes"


def test_nested_settings_become_dotted_lines() -> None:
    content = {"a": {"b": 1, "c": {}}, "d": [1, True], "e": None, "f": False}
    assert pairs(content) == (("a.b", "1"), ("a.c", "none"), ("d", "1, yes"), ("e", "none"), ("f", "no"))
