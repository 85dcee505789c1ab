"""One connection: the greeting among noise, what a device lacks, and answers that do not fit."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.device.link.scripted import HELLO, ScriptedLink, stretch
from wattnas.device.link.base import LinkDown
from wattnas.device.link.replies import Cleaned, Missing
from wattnas.device.link.talk import Talk
from wattnas.errors import DeviceError

A, B = "a" * 64, "b" * 64
NONE: dict[str, Any] = {"kind": "missing", "hashes": []}


def test_what_a_login_prints_is_skipped() -> None:
    noise = [b"Linux pi 6.1\n", b"\n", b"{ not ours }\n", b"\xff\xfe\0\n", b"[1]\n", b'{"kind": "other"}\n']
    said: list[str] = []
    note = {"kind": "note", "message": "hi"}
    link = ScriptedLink([*noise, note, HELLO, note, {"kind": "cleaned", "files": 1, "bytes": 2}])
    with Talk(link, said.append) as talk:
        assert talk.hello.python == "3.11"
        assert talk.ask({"ask": "clean"}, Cleaned).bytes == 2
    assert link.sent == [{"ask": "hello"}, {"ask": "clean"}, {"ask": "bye"}] and said == ["hi"]


def test_a_login_that_prints_without_end() -> None:
    with pytest.raises(DeviceError, match="prints 1000 lines and no agent answers"):
        Talk(ScriptedLink([b"y\n"] * 1001))


def test_a_login_that_waits_for_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattnas.device.link.talk._HELLO_S", 0.01)
    link = ScriptedLink([b"Password?\n"])
    pipe = link.start_agent()
    killed = threading.Event()
    monkeypatch.setattr(pipe, "kill", killed.set)
    monkeypatch.setattr(pipe, "receive", lambda: None if killed.wait(10) else b"")
    monkeypatch.setattr(link, "start_agent", lambda: pipe)
    with pytest.raises(DeviceError, match="does not answer within 0 s"):
        Talk(link)


def test_an_agent_that_ends_before_it_greets() -> None:
    with pytest.raises(LinkDown, match="Ended with 255: lost"):
        Talk(ScriptedLink([b"Welcome\n"]))


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (
            {"kind": "error", "message": "Python there is too old.", "hint": "Newer."},
            "ssh://pi: Python there is too old. Newer.",
        ),
        (b'{"kind":"hello"\n', "no JSON line"),
        (HELLO | {"bits": "many"}, "at bits"),
        (HELLO | {"agent": 2}, "speaks version 2, not 1"),
        (
            HELLO | {"problems": [{"message": "No numpy.", "hint": "Install it."}]},
            "ssh://pi: No numpy. Install it.",
        ),
    ],
)
def test_greetings_that_do_not_do(first: bytes | dict[str, Any], reason: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Talk(ScriptedLink([first]))
    assert reason in str(caught.value)


def test_problems_may_be_asked_for() -> None:
    problem = {"message": "No numpy.", "hint": "Install it."}
    with Talk(ScriptedLink([HELLO | {"problems": [problem]}]), ready=False) as talk:
        assert talk.hello.problems[0].message == "No numpy."


def test_only_what_is_missing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"A")
    (tmp_path / "b").write_bytes(b"B" * 1000)
    link = ScriptedLink([HELLO, {"kind": "missing", "hashes": [B, B]}, NONE])
    content: list[bytes] = []
    monkeypatch.setattr(
        link, "send_files", lambda files: content.extend(gzip.decompress(f.read_bytes()) for f in files)
    )
    said: list[str] = []
    with Talk(link, said.append) as talk:
        talk.bring({A: tmp_path / "a", B: tmp_path / "b"})
    assert content == [b"B" * 1000] and said == ["sending files 1 to 1 of 1"]
    assert link.sent[1:3] == [{"ask": "have", "hashes": [A, B]}, {"ask": "have", "hashes": [B]}]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            [{"kind": "missing", "hashes": [A]}, {"kind": "missing", "hashes": [A]}],
            "1 of 1 files did not reach ssh://pi",
        ),
        ([{"kind": "missing", "hashes": [B]}], "misses files that nobody named"),
        ([{"kind": "bye"}], "answers"),
        ([{"kind": "error", "message": "Full.\x1b[2J", "hint": ""}], r"^Full\.\?\[2J$"),
        ([b"garbage\n"], "no JSON line"),
        ([], "Ended with 255"),
    ],
)
def test_files_that_do_not_arrive(tmp_path: Path, lines: list[Any], reason: str) -> None:
    (tmp_path / "a").write_bytes(b"A")
    with pytest.raises(DeviceError, match=reason), Talk(ScriptedLink([HELLO, *lines])) as talk:
        talk.bring({A: tmp_path / "a"})


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"A" * 10**6)
    link = ScriptedLink([HELLO | {"free_bytes": 10**6}, {"kind": "missing", "hashes": [A]}])
    with pytest.raises(DeviceError, match="has 1 MB free in agent; 2 MB are needed"), Talk(link) as talk:
        talk.bring({A: tmp_path / "a"})
    assert link.files == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"kind": "done", "job": "other", "failed": 0}], "ended another job"),
        ([NONE], "answers"),
        ([b'{"kind":"stretch"}\n'], "does not do"),
        ([b"{}\n"], "unknown kind"),
        ([b"{" * 100_000 + b"\n"], "no JSON line"),
    ],
)
def test_results_that_do_not_do(lines: list[Any], reason: str) -> None:
    with pytest.raises(DeviceError, match=reason), Talk(ScriptedLink([HELLO, *lines])) as talk:
        list(talk.results({"job": "ab"}))


@given(
    st.lists(
        st.binary(max_size=40).map(lambda line: line + b"\n")
        | st.sampled_from([HELLO, NONE, stretch(0, "a")])
    )
)
def test_random_lines_end_in_our_error(lines: list[Any]) -> None:
    try:
        with Talk(ScriptedLink(lines)) as talk:
            talk.ask({"ask": "have", "hashes": []}, Missing)
            list(talk.results({"job": "ab"}))
    except DeviceError as error:
        assert str(error).isprintable()
