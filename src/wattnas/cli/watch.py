"""Progress for people: bars on a terminal, plain lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from wattnas.progress import Progress as Watcher
from wattnas.progress import Silent, counted
from wattnas.units import format_duration, format_joules, format_seconds

PLAIN_EVERY_S = 15.0


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """Bars where standard error is a terminal, lines now and then where it is not.

    Bars are closed on the way out, also after Ctrl-C: an open one keeps the terminal's cursor hidden.
    """
    if quiet or not sys.stderr.isatty():
        yield Silent() if quiet else Lines()
        return
    bars = Bars()
    try:
        yield bars
    finally:
        bars.end()


def describe(epoch: int, epochs: int, means: dict[str, float]) -> str:
    """Epoch, loss, accuracy and expected costs in a few words."""
    parts = [f"epoch {epoch + 1}/{epochs}"]
    loss = means.get("weight_cross_entropy", means.get("loss"))
    accuracy = means.get("weight_accuracy", means.get("accuracy"))
    if loss is not None:
        parts.append(f"loss {loss:.3f}")
    if accuracy is not None:
        parts.append(f"acc {accuracy:.1%}")
    if "validation_accuracy" in means:
        parts.append(f"val {means['validation_accuracy']:.1%}")
    if "latency_s" in means:
        parts.append(f"~{format_seconds(means['latency_s'])}")
    if "energy_j" in means:
        parts.append(f"~{format_joules(means['energy_j'])}")
    return "  ".join(parts)


class Bars:
    """A Rich progress bar per stage on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task: Any = None

    def start(self, stage: str, total: int, done: int) -> None:
        """Open the stage's bar."""
        self._bar = Progress(
            TextColumn("{task.description:<7}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            console=self._console,
        )
        self._bar.start()
        self._task = self._bar.add_task(stage, total=total, completed=done, state="")

    def advance(self, steps: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(self._task, steps)

    def show(self, *, epoch: int, epochs: int, **means: float) -> None:
        """Write the state behind the bar."""
        if self._bar is not None:
            self._bar.update(self._task, state=describe(epoch, epochs, means))

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Lines:
    """A line every quarter of a minute, for logs and pipes."""

    def __init__(self) -> None:
        self._stage, self._total, self._done, self._first = "", 0, 0, 0
        self._began = self._spoke = 0.0

    def start(self, stage: str, total: int, done: int) -> None:
        """Name the stage."""
        self._stage, self._total, self._done, self._first = stage, total, done, done
        self._began = self._spoke = time.monotonic()
        self.say(f"{stage}: {total} steps" + (f", going on from step {done}" if done else ""))

    def advance(self, steps: int) -> None:
        """Count; speak where a stage has no state to show."""
        self._done += steps
        if time.monotonic() - self._spoke >= 2 * PLAIN_EVERY_S:
            self._speak()

    def show(self, *, epoch: int, epochs: int, **means: float) -> None:
        """Speak when it is time to."""
        if time.monotonic() - self._spoke >= PLAIN_EVERY_S:
            self._speak(describe(epoch, epochs, means) + "  ")

    def _speak(self, state: str = "") -> None:
        """How far it is, with `state`."""
        now = self._spoke = time.monotonic()
        rate = (now - self._began) / max(1, self._done - self._first)
        left = format_duration(rate * (self._total - self._done))
        self.say(f"{self._stage} {self._done}/{self._total}  {state}{left} left")

    def say(self, text: str) -> None:
        """A line on standard error."""
        print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Say how long it took."""
        self.say(f"{self._stage}: done in {format_duration(time.monotonic() - self._began)}")


@contextmanager
def counting(what: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Something that hears (done, in all, what is being done), and shows it as `watching` does."""
    with watching(quiet=quiet) as watcher, counted(what, watcher) as tell:
        yield tell
