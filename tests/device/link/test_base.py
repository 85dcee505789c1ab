"""The pipe to an agent: lines both ways, its end, its complaints, and the word that we are still there."""

from __future__ import annotations

import sys

import pytest

from wattnas.device.link.base import Pipe
from wattnas.errors import DeviceError


def pipe(program: str, alive_s: float = 1000.0) -> Pipe:
    return Pipe([sys.executable, "-c", f"import sys, time\n{program}"], alive_s)


def test_lines_both_ways() -> None:
    found = pipe("print(sys.stdin.readline(), end='', flush=True); print('torn', end='')")
    found.send({"ask": "hello"})
    assert found.receive() == b'{"ask":"hello"}\n' and found.receive() is None
    assert found.close() == (0, "")


def test_the_end_and_the_last_complaints() -> None:
    found = pipe("sys.stderr.write('x' * 10000 + 'the end'); sys.exit(7)")
    assert found.receive() is None
    code, complaints = found.close()
    assert code == 7 and complaints.endswith("the end") and len(complaints) == 4096
    found.send({"ask": "hello"})  # nobody hears it, and nothing breaks
    assert found.receive() is None and found.close() == (7, "")


def test_who_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattnas.device.link.base._END_S", 0.1)
    found = pipe("time.sleep(1000)")
    assert found.close()[0] == -9


def test_a_killed_agent_has_ended() -> None:
    found = pipe("time.sleep(1000)")
    found.kill()
    assert found.receive() is None and found.close()[0] == -9


def test_it_says_that_we_are_there() -> None:
    found = pipe("print(sys.stdin.readline(), end='', flush=True)", alive_s=0.01)
    assert found.receive() == b'{"ask":"alive"}\n'
    found.close()


def test_a_line_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pipe(f"sys.stdout.write('x' * {17 * 2**20})")
    with pytest.raises(DeviceError, match="longer than 16777216 bytes"):
        found.receive()
    found.close()
