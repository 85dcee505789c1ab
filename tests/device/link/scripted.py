"""Agents that say what a test tells them to, without a process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wattnas.device.link.base import LinkDown, Pipe
from wattnas.errors import DeviceError

HELLO: dict[str, Any] = {
    **{
        "kind": "hello",
        "agent": 1,
        "wattnas": "0",
        "python": "3.11",
        "bits": 64,
        "numpy": "2",
        "onnxruntime": "1",
    },
    **{"state": {}, "folder": "agent", "free_bytes": 10**12, "problems": []},
}
TIMING = {"seconds": 0.002, "low": 0.001, "high": 0.003, "rounds": [0.002], "runs": 5, "wide": False}


def stretch(index: int, *names: str) -> dict[str, Any]:
    """A good stretch line."""
    timings = {"items": dict.fromkeys(names, TIMING), "anchor": TIMING, "drift": 0.0, "state": {}}
    return {"kind": "stretch", "index": index, "attempt": 1, "attempts": 1, "rejected": None, **timings}


class ScriptedPipe(Pipe):
    """Says its lines, then ends."""

    def __init__(self, lines: Sequence[bytes | Mapping[str, Any]], sent: list[dict[str, Any]]) -> None:
        self._lines = [_line(line) for line in lines]
        self._sent = sent

    def send(self, content: Mapping[str, Any]) -> None:
        self._sent.append(dict(content))

    def receive(self) -> bytes | None:
        return self._lines.pop(0) if self._lines else None

    def kill(self) -> None:
        self._lines.clear()

    def close(self) -> tuple[int, str]:
        return 255, "lost"


class ScriptedLink:
    """Connections one after the other, each with its lines; an exception in place of lines is raised."""

    name = "ssh://pi"
    reached = False

    def __init__(self, *connections: Sequence[bytes | Mapping[str, Any]] | DeviceError) -> None:
        self._connections = list(connections)
        self.sent: list[dict[str, Any]] = []
        self.files: list[str] = []

    def start_agent(self) -> Pipe:
        lines = self._connections.pop(0) if self._connections else LinkDown("No connection.", "Look.")
        if isinstance(lines, DeviceError):
            raise lines
        return ScriptedPipe(lines, self.sent)

    def explain(self, code: int, complaints: str) -> DeviceError:
        return LinkDown(f"Ended with {code}: {complaints}.", "Look.")

    def send_files(self, files: Sequence[Path]) -> None:
        self.files += [file.name for file in files]

    def close(self) -> None:
        """Nothing is held."""


def _line(line: bytes | Mapping[str, Any]) -> bytes:
    return line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode() + b"\n"
