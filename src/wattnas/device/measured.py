"""A device that can be asked to measure: a link, and the files that go over it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from wattnas.device.link import (
    Cleaned,
    Hello,
    Link,
    Meter,
    Result,
    greet,
    list_meters,
    open_link,
    run_job,
    tidy,
)
from wattnas.device.link.talk import Say, silent

Job = Mapping[str, Any]


class Device(Protocol):
    """A device that can be asked to measure."""

    @property
    def name(self) -> str:
        """How it is reached: "local" or "ssh://…"."""

    def hello(self) -> Hello:
        """What it is and which versions it runs."""

    def run(self, job: Job, files: Mapping[str, bytes]) -> Iterator[Result]:
        """The results of `job`, whose files are given by SHA-256; what it finished before comes at once."""


class LinkedDevice:
    """A device behind a link.

    Args:
        link: the way to it.
        name: how the user called it.
        say: hears notes for a person.
    """

    def __init__(self, link: Link, name: str, say: Say = silent) -> None:
        self._link, self._name, self._say = link, name, say

    @property
    def name(self) -> str:
        """How the user called it."""
        return self._name

    def hello(self) -> Hello:
        """What it is and which versions it runs."""
        return greet(self._link, self._say)

    def meters(self) -> Sequence[Meter]:
        """Its energy meters, in the order in which they are tried."""
        return list_meters(self._link, self._say)

    def clean(self) -> Cleaned:
        """Remove what measuring left there: networks, results, the agent; says how much."""
        return tidy(self._link, self._say)

    def run(self, job: Job, files: Mapping[str, bytes]) -> Iterator[Result]:
        """The results of `job` as they come, through connections that break."""
        with tempfile.TemporaryDirectory() as folder:
            paths = {sha: _written(Path(folder) / sha, content) for sha, content in files.items()}
            yield from run_job(self._link, job, paths, self._say)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@contextmanager
def open_device(target: str, say: Say = silent) -> Iterator[LinkedDevice]:
    """The device that `target` names, "local" or "ssh://[user@]host[:port]"; its link is closed afterwards.

    Raises:
        ConfigError: it names none.
    """
    link = open_link(target)
    try:
        yield LinkedDevice(link, target, say)
    finally:
        link.close()
