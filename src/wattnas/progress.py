"""What a stage tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """A watcher of stages; the command-line program draws bars, libraries and tests stay silent."""

    def start(self, stage: str, total: int, done: int) -> None:
        """`stage` begins (or goes on) with `done` of `total` steps."""

    def advance(self, steps: int) -> None:
        """So many more steps are done."""

    def show(self, *, epoch: int, epochs: int, **means: float) -> None:
        """Newest means: losses, accuracies (0 to 1), `latency_s`, `energy_j`; `epoch` counts from 0."""

    def say(self, text: str) -> None:
        """A sentence for people."""

    def end(self) -> None:
        """The stage ended."""


class Silent:
    """Watches and says nothing."""

    def start(self, stage: str, total: int, done: int) -> None:
        """Nothing."""

    def advance(self, steps: int) -> None:
        """Nothing."""

    def show(self, *, epoch: int, epochs: int, **means: float) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


@contextmanager
def counted(stage: str, watcher: Progress) -> Iterator[Callable[[int, int, str], None]]:
    """Something that hears (done, in all, what is being done), and tells `watcher` of it as of a stage.

    Where it hears nothing, `watcher` does not either; where it fails, the stage is left open.
    """
    counter = _Counter(stage, watcher)
    yield counter.tell
    counter.end()


class _Counter:
    """Turns absolute counts into the steps that a watcher hears."""

    def __init__(self, stage: str, watcher: Progress) -> None:
        self._stage, self._watcher = stage, watcher
        self._seen: tuple[int, int] | None = None
        self._said = ""

    def tell(self, done: int, total: int, what: str) -> None:
        """So much of so much is done."""
        if what != self._said:
            self._said = what
            self._watcher.say(f"{self._stage}: {what}")
        if self._seen is None or self._seen[1] != total:
            self._watcher.start(self._stage, total, done)
        else:
            self._watcher.advance(done - self._seen[0])
        self._seen = (done, total)

    def end(self) -> None:
        """All that was to be done is done, be it less than was thought."""
        if self._seen is not None:
            self._watcher.end()
