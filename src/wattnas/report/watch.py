"""The page of a run that goes on, written anew whenever its files change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wattnas.errors import RunError
from wattnas.report.answer import STAGES
from wattnas.report.read import read_run
from wattnas.report.write import write_report

WATCHED = ("run.json", "metrics.jsonl", "architecture.json", "costs.json", "model.onnx", "verification.json")

Stamp = tuple[tuple[int, int] | None, ...]


def watch_report(
    path: Path, every_s: int = 5, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Path | RunError]:
    """Write the page of the run in `path` at once and after each change, until the run is done.

    The run is only read, so that whoever works on it is not disturbed. A page of a run that goes on tells the
    browser to read it again every `every_s` seconds; the last one does not.

    Yields:
        The page each time it was written; the error each time the files could not be read, for example while
        a stage is being replaced. They are read again after the next change.

    Raises:
        RunError: there is no run in `path` to begin with.
    """
    read_run(path)
    seen: Stamp | None = None
    while True:
        now = stamp(path)
        if now != seen:
            seen = now
            try:
                ended = is_done(path)
                yield write_report(path, refresh_s=0 if ended else every_s)
                if ended:
                    return
            except RunError as error:
                yield error
        sleep(every_s)


def is_done(path: Path) -> bool:
    """Whether all stages of the run ended."""
    stages = read_run(path).manifest.stages
    return all(name in stages and stages[name].state == "done" for name in STAGES)


def stamp(path: Path) -> Stamp:
    """When each file was changed, and its size; None for those that are not there."""
    return tuple(_stamp(path / name) for name in WATCHED)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
