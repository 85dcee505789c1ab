"""What every link to a device can do, and the pipe to an agent that runs there."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from wattnas.agent.lines import dump, read_line
from wattnas.errors import DeviceError

_ALIVE_S = 10.0
_END_S = 5.0
_TAIL = 4096


class LinkDown(DeviceError):
    """A connection that broke or could not be made; it may come back."""


class Pipe:
    """A running agent, and the lines to and from it.

    A thread says every few seconds that the host is still there, so that the agent notices one that is lost.

    Args:
        command: words that start the agent, or what connects to it.
        alive_s: seconds between two of those words.
    """

    def __init__(self, command: Sequence[str], alive_s: float = _ALIVE_S) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the pipe)
        # A session of its own: Ctrl-C is for this program, which then closes the pipe.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
        )
        self._sending, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._say_alive, args=(alive_s,), daemon=True).start()

    def send(self, content: Mapping[str, Any]) -> None:
        """Send one line; where the agent is gone, the next `receive` says so."""
        assert self.process.stdin is not None
        line = dump(content)
        try:
            with self._sending:
                self.process.stdin.write(line)
                self.process.stdin.flush()
        except (OSError, ValueError):  # ValueError: closed
            pass

    def receive(self) -> bytes | None:
        """The next line; None where the agent is gone.

        Raises:
            DeviceError: the line is longer than any that an agent says.
        """
        assert self.process.stdout is not None
        return read_line(self.process.stdout, "A line of the agent")

    def kill(self) -> None:
        """End the process here at once; the agent notices."""
        self.process.kill()

    def close(self) -> tuple[int, str]:
        """End the agent; exit code and the end of what it, or the connection, complained about."""
        self._ended.set()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:  # what could not be sent any more
                pass
        try:
            code = self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, self._tail()

    def _tail(self) -> str:
        if self._complaints.closed:
            return ""
        with self._complaints as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            return file.read().decode("utf-8", "replace")

    def _say_alive(self, every_s: float) -> None:
        while not self._ended.wait(every_s):
            self.send({"ask": "alive"})


class Link(Protocol):
    """A way to a device.

    Attributes:
        name: what the device is called in messages.
        reached: whether an agent has answered over it; what breaks after that may pass.
    """

    name: str
    reached: bool

    def start_agent(self) -> Pipe:
        """Start the agent there, after bringing it where it is missing.

        Raises:
            LinkDown: there is no connection.
            DeviceError: the device cannot be used; says why.
        """

    def explain(self, code: int, complaints: str) -> DeviceError:
        """Why an agent ended that had nothing to say: a LinkDown where that may pass."""

    def send_files(self, files: Sequence[Path]) -> None:
        """Put files into the agent's incoming folder, under their own names (of hex, dots and letters only).

        Raises:
            LinkDown: the connection broke.
            DeviceError: they cannot be written there.
        """

    def close(self) -> None:
        """Forget what is known of the device; the link can be used again."""
