"""JSON lines: known ones, and random bytes."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.agent.lines import clean, dump, last_line, parse_line, read_line
from wattnas.errors import DeviceError

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_what_is_said_is_what_is_heard(content: dict[str, object]) -> None:
    line = dump(content)
    assert line.count(b"\n") == 1 and parse_line(line, "It") == content


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_random_bytes_end_in_our_error(line: bytes) -> None:
    try:
        found = parse_line(line, "It")
    except DeviceError as error:
        assert error.message.isprintable()
    else:
        assert isinstance(found, dict)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[1]",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\xff"}',
    ],
)
def test_lines_that_are_refused(line: bytes) -> None:
    with pytest.raises(DeviceError, match=r"^It is no JSON"):
        parse_line(line, "It")


def test_nan_is_not_said() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump({"a": float("nan")})


def test_lines_of_a_stream() -> None:
    stream = io.BytesIO(b"one\n\ntorn")
    assert [read_line(stream, "It") for _ in range(3)] == [b"one\n", b"\n", None]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    stream = io.BytesIO(b"x" * 101)
    with pytest.raises(DeviceError, match="longer than 100 bytes"):
        read_line(stream, "It", 100)
    assert read_line(io.BytesIO(b"x" * 99 + b"\n"), "It", 100) == b"x" * 99 + b"\n"


def test_a_closed_stream_has_ended() -> None:
    stream = io.BytesIO(b"one\n")
    stream.close()
    assert read_line(stream, "It") is None


def test_clean_text() -> None:
    assert clean("a\x1b[31m\tb\n\ud800c") == "a?[31m b ?c"
    assert clean("x" * 50, 10) == "xxxxxxx..."
    assert last_line("one\ntwo\n \n") == "two" and last_line(" \n") == ""


@given(st.text())
def test_clean_text_can_be_printed_and_sent(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable() and len(shown) <= 300
    assert json.loads(dump({"a": shown}))["a"] == shown
