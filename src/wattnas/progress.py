"""What a stage tells whoever watches it."""

from __future__ import annotations

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
