"""Results of a job written ahead: each is on the disk before the host hears of it, so none is measured twice.

The first line names the job and what it runs on; each further one is a result. A last line without an end
(the power was cut while it was written) is dropped. Any other that does not read is an error, never left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wattnas.agent.job import key_of
from wattnas.agent.lines import dump, parse_line
from wattnas.errors import DeviceError
from wattnas.files import write_bytes


class Journal:
    """The results of one job.

    Args:
        path: its file; made where it is missing.
        header: what the results rest on, such as job and versions. A journal with another one is begun anew.

    Attributes:
        entries: the results that are kept, oldest first.
        replaced: whether a journal with another header gave way.

    Raises:
        DeviceError: a line of the file is damaged.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        self.entries: list[dict[str, Any]] = []
        self.replaced = False
        head = dump({"kind": "journal", **header})
        kept = _whole_lines(path)
        if kept:
            first, *rest = [self._parse(number, line) for number, line in enumerate(kept, 1)]
            self.replaced = dump(first) != head
            self.entries = [] if self.replaced else rest
        if not kept or self.replaced:
            write_bytes(path, head)
        else:
            _cut(path, sum(map(len, kept)))

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one result and wait until it is on the disk.

        Raises:
            OSError: it cannot be written; the file is then as it was.
        """
        size = self.path.stat().st_size
        try:
            with self.path.open("ab") as file:
                file.write(dump(entry))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            _cut(self.path, size)
            raise
        self.entries.append(dict(entry))

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry = parse_line(line, "It")
            if number > 1:
                key_of(entry)
        except DeviceError as error:
            raise DeviceError(
                f"Line {number} of {self.path} is damaged. {error.message}",
                "Remove that file on the device to measure anew.",
            ) from error
        return entry


def _whole_lines(path: Path) -> list[bytes]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [line + b"\n" for line in content.split(b"\n")[:-1]]


def _cut(path: Path, size: int) -> None:
    """Cut the file back to `size` bytes where it is longer."""
    if path.stat().st_size > size:
        with path.open("r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())
