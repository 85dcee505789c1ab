"""The log of a run for TensorBoard: scalars of `metrics.jsonl`, line by line, as the file grows."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from wattnas.errors import MissingExtraError

_PLACES = {"stage", "epoch", "step"}


class Events:
    """Hands new lines of a log to TensorBoard's event file.

    Args:
        log: `metrics.jsonl` of a run; it need not be there yet.
        folder: where TensorBoard looks (`tensorboard --logdir FOLDER`).

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, log: Path, folder: Path) -> None:
        try:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise MissingExtraError(
                "TensorBoard is not installed.",
                "Install it with: python -m pip install 'wattnas[tensorboard]'.",
            ) from error
        self._log, self._offset = log, 0
        self._writer = EventFileWriter(str(folder))

    def follow(self) -> int:
        """Write the lines that came since the last call; returns how many.

        A log that became shorter was cut back by a resumed run, which writes the same lines again: it is read
        on from its new end.
        """
        if not self._log.is_file():
            return 0
        content = self._log.read_bytes()
        self._offset = min(self._offset, len(content))
        whole = content[self._offset : content.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = [json.loads(line) for line in whole.splitlines() if line.strip()]
        for line in lines:
            self._write(line)
        self._writer.flush()
        return len(lines)

    def close(self) -> None:
        """Finish the event file."""
        self._writer.close()

    def _write(self, line: dict[str, Any]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        stage = line.get("stage", "run")
        values = [
            Summary.Value(tag=f"{stage}/{name}", simple_value=value)
            for name, value in line.items()
            if name not in _PLACES and isinstance(value, int | float)
        ]
        self._writer.add_event(
            Event(wall_time=time.time(), step=int(line.get("step", 0)), summary=Summary(value=values))
        )
