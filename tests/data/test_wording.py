from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from wattnas.data.wording import one_line, shown


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("cat", "<script>", "a b", "Große Straße", "猫", "emoji 🐈"):
        assert shown(name) == name


def test_bytes_that_are_no_utf8_and_control_characters_are_escaped() -> None:
    assert shown("caf\udce9") == "caf\\xe9"
    assert shown("a\nb\x1b[31m") == "a\\nb\\x1b[31m"
    assert shown("\ud800") == "\\ud800"


@given(st.text(st.characters(codec=None)))
def test_every_name_can_be_printed_and_stored(name: str) -> None:
    text = shown(name)
    assert text.isprintable()
    assert json.loads(json.dumps(text)) == text
    text.encode("utf-8")


def test_errors_become_one_short_line() -> None:
    assert one_line(ValueError("a\n  b.")) == "a b"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 500))) == 120
