"""Replies: good ones read, all others end in a DeviceError that names the device."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.lines import dump
from wattnas.device.link.replies import Classes, Energy, Failed, Hello, Reply, Stretch, parse_reply
from wattnas.errors import DeviceError

TIMING = {"seconds": 0.002, "low": 0.001, "high": 0.003, "rounds": [0.002, 0.002], "runs": 5, "wide": False}
STRETCH: dict[str, Any] = {
    **{"kind": "stretch", "index": 3, "attempt": 1, "attempts": 2, "items": {"a": TIMING}, "anchor": TIMING},
    **{"drift": 0.01, "state": {"load": 0.1}, "rejected": None, "wall_s": 3.0},
}
HELLO: dict[str, Any] = {
    **{"kind": "hello", "agent": 1, "wattnas": "0.1.0", "python": "3.11.2", "bits": 64, "numpy": "2.0"},
    **{
        "onnxruntime": None,
        "state": {},
        "folder": "x",
        "free_bytes": 1,
        "problems": [{"message": "m", "hint": "h"}],
    },
}


def parsed(content: dict[str, Any]) -> Reply:
    return parse_reply(dump(content), "ssh://pi")


def test_a_stretch() -> None:
    found = parsed(STRETCH)
    assert isinstance(found, Stretch) and found.key == ("stretch", 3)
    assert found.items["a"].rounds == (0.002, 0.002) and found.anchor.low == 0.001 and found.rejected is None


def test_the_others() -> None:
    hello = parsed(HELLO)
    assert isinstance(hello, Hello) and hello.problems[0].hint == "h" and hello.onnxruntime is None
    energy = parsed({"kind": "energy", "item": "a", "joules": 2.5})
    assert isinstance(energy, Energy) and energy.key == ("energy", "a") and energy.result["joules"] == 2.5
    classes = parsed({"kind": "classes", "index": 0, "classes": [3, 1]})
    assert isinstance(classes, Classes) and classes.classes == (3, 1) and classes.key == ("classes", 0)
    failed = parsed({"kind": "failed", "of": ["energy", "a"], "message": "m", "hint": ""})
    assert isinstance(failed, Failed) and failed.key == ("energy", "a")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"index": -1}, "index"),
        ({"index": "3"}, "index"),
        ({"index": True}, "index"),
        ({"items": {"a": TIMING | {"seconds": 0}}}, "items.a.seconds"),
        ({"items": {"a": TIMING | {"seconds": 0.004}}}, "items.a"),
        ({"items": {"a": TIMING | {"rounds": []}}}, "items.a.rounds"),
        ({"items": {"a": TIMING | {"rounds": [0.1, -1]}}}, "items.a.rounds.1"),
        ({"items": [TIMING]}, "items"),
        ({"anchor": None}, "anchor"),
        ({"drift": -0.1}, "drift"),
        ({"drift": "much"}, "drift"),
        ({"rejected": 3}, "rejected"),
        ({"state": None}, "state"),
    ],
)
def test_stretches_that_are_refused(change: dict[str, Any], place: str) -> None:
    with pytest.raises(DeviceError, match=rf"^A line of the agent on ssh://pi does not do, at {place}:"):
        parsed(STRETCH | change)


def test_a_missing_field_is_named() -> None:
    content = {key: value for key, value in STRETCH.items() if key != "drift"}
    with pytest.raises(DeviceError, match="at drift: Field required"):
        parsed(content)


@pytest.mark.parametrize("kind", ["exec", None, 3, ["hello"], {"a": 1}])
def test_unknown_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(DeviceError, match="unknown kind"):
        parsed({"kind": kind})


def test_hashes_are_hashes() -> None:
    with pytest.raises(DeviceError, match=r"hashes\.0"):
        parsed({"kind": "missing", "hashes": ["../../x"]})


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
CHANGED = st.sampled_from([STRETCH, HELLO]).flatmap(
    lambda good: st.dictionaries(st.sampled_from(sorted(good)), VALUE, max_size=3).map(
        lambda more: good | more
    )
)


@settings(max_examples=100)
@given(CHANGED.map(lambda content: json.dumps(content).encode()) | st.binary(max_size=200))
def test_random_replies_end_in_our_error(line: bytes) -> None:
    try:
        parse_reply(line, "ssh://pi")
    except DeviceError as error:
        assert "ssh://pi" in error.message and str(error).isprintable()
