"""The lock of a device: one holder, waiting, and workers that outlive their agent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wattnas.agent.lock import Lock
from wattnas.errors import DeviceError


def never() -> bool:
    return False


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second, said = Lock(tmp_path / "a" / "lock"), Lock(tmp_path / "a" / "lock"), list[str]()
    first.take(0, said.append, never)
    first.take(0, said.append, never)
    with pytest.raises(DeviceError, match="Another measurement holds this device"):
        second.take(0, said.append, never)
    first.release()
    second.take(0, said.append, never)
    assert second.handle is not None and first.handle is None
    second.release()
    second.release()


def test_who_waits_hears_why_and_takes_over(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    first.take(0, lambda message: None, never)
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        first.release()

    second.take(30, say, never)
    assert said == ["Another measurement runs on this device; waiting for it to end."]
    second.release()


def test_nobody_waits_for_somebody_who_is_gone(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    first.take(0, lambda message: None, never)
    with pytest.raises(DeviceError, match="Another measurement"):
        Lock(tmp_path / "lock").take(1000, lambda message: None, lambda: True)
    first.release()


def test_a_worker_that_is_left_keeps_the_lock(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    first.take(0, lambda message: None, never)
    assert first.handle is not None
    program = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, pass_fds=(first.handle,)) as worker:
        first.release()
        with pytest.raises(DeviceError, match="Another measurement"):
            second.take(0, lambda message: None, never)
        worker.communicate()
    second.take(0, lambda message: None, never)
    second.release()
