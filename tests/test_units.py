from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wattnas.errors import ConfigError
from wattnas.units import (
    Quantity,
    format_bytes,
    format_count,
    format_duration,
    format_joules,
    format_seconds,
    parse_bytes,
    parse_count,
    parse_joules,
    parse_seconds,
)

PARSERS = (parse_seconds, parse_joules, parse_bytes, parse_count)
PAIRS = (
    (parse_seconds, format_seconds),
    (parse_joules, format_joules),
    (parse_bytes, format_bytes),
    (parse_count, format_count),
)


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_seconds, "5ms", 0.005),
        (parse_seconds, "250us", 250e-6),
        (parse_seconds, "250µs", 250e-6),
        (parse_seconds, "250μs", 250e-6),
        (parse_seconds, "3 ns", 3e-9),
        (parse_seconds, " 1.5 s ", 1.5),
        (parse_seconds, "2min", 120.0),
        (parse_seconds, "2m", 120.0),
        (parse_seconds, "1h", 3600.0),
        (parse_seconds, "7", 7.0),
        (parse_seconds, "5.", 5.0),
        (parse_seconds, ".5", 0.5),
        (parse_seconds, "1e-3", 0.001),
        (parse_joules, "0.4J", 0.4),
        (parse_joules, "12mJ", 0.012),
        (parse_joules, "7uJ", 7e-6),
        (parse_joules, "2kJ", 2000.0),
        (parse_joules, "1Wh", 3600.0),
        (parse_bytes, "2MB", 2_000_000.0),
        (parse_bytes, "2MiB", 2_097_152.0),
        (parse_bytes, "1KiB", 1024.0),
        (parse_bytes, "1GB", 1e9),
        (parse_count, "300k", 300_000.0),
        (parse_count, "1.2M", 1_200_000.0),
        (parse_count, "2B", 2e9),
    ],
)
def test_parse(parse: Callable[[str], float], text: str, expected: float) -> None:
    assert parse(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text", ["", " ", "-1", "1 furlong", "nan", "inf", "ms", "1..2", "1e", "1 2", "١", "1,5", "."]
)
def test_what_is_no_quantity_is_refused(parse: Callable[[str], float], text: str) -> None:
    with pytest.raises(ConfigError, match="Write a number and one of"):
        parse(text)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("text", ["1e999", "9" * 400])
def test_too_large_numbers_are_refused_not_infinite(parse: Callable[[str], float], text: str) -> None:
    with pytest.raises(ConfigError, match="is too large for"):
        parse(text)


def test_units_of_another_kind_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'5J' is not a time\. Write a number and one of s, ms, us"):
        parse_seconds("5J")


@given(
    st.sampled_from(PARSERS), st.text() | st.from_regex(r"\s?[0-9.]{1,5}(e[0-9+-]{1,4})?\s?[a-zA-Zµ]{0,3}\n?")
)
def test_only_config_errors_come_out(parse: Callable[[str], float], text: str) -> None:
    try:
        value = parse(text)
    except ConfigError:
        return
    assert 0 <= value < float("inf")


@given(st.sampled_from(PARSERS), st.floats(0, 1e300), st.sampled_from(["", " ", "\t"]))
def test_a_bare_number_is_itself(parse: Callable[[str], float], value: float, space: str) -> None:
    assert parse(f"{space}{value!r}{space}") == value


@given(st.sampled_from(PAIRS), st.floats(1e-12, 1e15))
def test_what_is_formatted_parses_to_the_same_within_four_digits(
    pair: tuple[Callable[[str], float], Callable[[float], str]], value: float
) -> None:
    parse, form = pair
    assert parse(form(value)) == pytest.approx(value, rel=5.001e-4)


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (format_seconds, 0.0042, "4.2 ms"),
        (format_seconds, 2.0, "2 s"),
        (format_seconds, 37e-6, "37 us"),
        (format_seconds, 0.99999, "1 s"),
        (format_seconds, 0.9999, "999.9 ms"),
        (format_joules, 0.0125, "12.5 mJ"),
        (format_joules, 3.463, "3.463 J"),
        (format_joules, 0.0, "0 uJ"),
        (format_bytes, 2_100_000, "2.1 MB"),
        (format_bytes, 999_999, "1 MB"),
        (format_bytes, 17, "17 B"),
        (format_count, 324_602, "324.6 k"),
        (format_count, 12, "12"),
        (format_count, 0, "0"),
        (format_duration, 12.34, "12.3 s"),
        (format_duration, 59.97, "1 min 0 s"),
        (format_duration, 200, "3 min 20 s"),
        (format_duration, 7_260, "2 h 1 min"),
        (format_duration, float("nan"), "unknown"),
        (format_duration, float("inf"), "unknown"),
    ],
)
def test_format(form: Callable[[float], str], value: float, expected: str) -> None:
    assert form(value) == expected


class TestQuantity:
    def test_round_trips_through_json(self) -> None:
        stored = Quantity(
            value=0.004, unit="s", origin="measured", low=0.003, high=0.005, n=30, source="bench"
        )
        assert Quantity.model_validate_json(stored.model_dump_json()) == stored

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"low": 0.1}, "low and high go together"),
            ({"high": 0.1}, "low and high go together"),
            ({"low": 0.2, "high": 0.1}, r"low 0\.2 is above high 0\.1"),
            ({"value": float("nan")}, "finite"),
            ({"unit": "ms"}, "unit"),
            ({"origin": "guessed"}, "origin"),
            ({"n": 0}, "greater than or equal to 1"),
            ({"spread": 1}, "Extra inputs"),
        ],
    )
    def test_refuses(self, changes: dict[str, object], reason: str) -> None:
        good = {"value": 1.0, "unit": "s", "origin": "measured", "source": "bench"}
        with pytest.raises(ValidationError, match=reason):
            Quantity.model_validate(good | changes)
