"""A fresh process for each task, ended with all it started as soon as nobody waits for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wattnas.agent.lines import clean, last_line, parse_line
from wattnas.errors import DeviceError
from wattnas.files import write_text

_LOOK_S = 0.5
_LIMIT_S = 3 * 3600.0


class HostGone(Exception):
    """Nobody waits for the result any more."""


class WorkerError(DeviceError):
    """A worker that gave no result.

    Args:
        crashed: it ended without saying why, so that another try may go better.
    """

    def __init__(self, message: str, hint: str = "", crashed: bool = False) -> None:
        super().__init__(message, hint)
        self.crashed = crashed


@dataclass(frozen=True)
class Worker:
    """How workers are started.

    Attributes:
        command: words that start one; the path of its task follows.
        folder: where that task is written.
        handles: open files that it inherits: the lock, so that it holds while a worker runs.
        limit_s: seconds after which a worker is ended.
    """

    command: Sequence[str]
    folder: Path
    handles: tuple[int, ...] = ()
    limit_s: float = _LIMIT_S

    def run(self, task: Mapping[str, Any], gone: Callable[[], bool]) -> dict[str, Any]:
        """The result of `task`, one JSON object.

        Raises:
            HostGone: `gone` said so; the worker was ended.
            WorkerError: it crashed, said an error, or took too long.
        """
        path = self.folder / "task.json"
        write_text(path, json.dumps(task, allow_nan=False))
        process = subprocess.Popen(
            [*self.command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=self.handles if sys.platform != "win32" else (),
            env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        )
        try:
            said, complaints = _wait(process, gone, self.limit_s)
        finally:
            _end(process)
        return _result(process.returncode, said, complaints.decode("utf-8", "replace"))


def _wait(process: subprocess.Popen[bytes], gone: Callable[[], bool], limit_s: float) -> tuple[bytes, bytes]:
    start = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            if gone():
                raise HostGone from None
            if time.monotonic() - start > limit_s:
                raise WorkerError(f"The worker did not end within {limit_s:.0f} s.") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the worker and what it started, and wait for it."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _result(code: int, said: bytes, complaints: str) -> dict[str, Any]:
    lines = [line for line in said.split(b"\n") if line.strip()]
    try:
        result = parse_line(lines[-1] if lines else b"", "The worker's answer")
    except DeviceError as error:
        reason = last_line(complaints) or ("it said nothing" if not lines else error.message)
        raise WorkerError(
            f"The worker ended with {ending(code)}: {reason}", _hint(code), crashed=True
        ) from error
    if result.get("kind") == "error":
        raise WorkerError(clean(str(result.get("message")), 1000), clean(str(result.get("hint") or ""), 1000))
    if code != 0:
        raise WorkerError(
            f"The worker ended with {ending(code)}: {last_line(complaints)}", _hint(code), crashed=True
        )
    return result


def ending(code: int) -> str:
    """How a process ended, by its exit code: "code 1", or the name of the signal that ended it."""
    try:
        return signal.Signals(-code).name if code < 0 else f"code {code}"
    except ValueError:
        return f"signal {-code}"


def _hint(code: int) -> str:
    return "The device may be out of memory: end other programs." if code == -9 else ""
