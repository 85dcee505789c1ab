"""A stage in progress, and who stops it."""

from __future__ import annotations

from pathlib import Path

from wattnas.progress import Progress, Silent
from wattnas.rundir import RunDir
from wattnas.stage import Stage


def stage(
    path: Path, name: str = "search", checkpoint_s: float = 1e9, progress: Progress | None = None
) -> Stage:
    """A stage of a run in `path`, begun or gone on with."""
    run = RunDir(path)
    path.mkdir(parents=True, exist_ok=True)
    run.start({}, {})
    return Stage(run, name, log_start=0, checkpoint_s=checkpoint_s, progress=progress)


class StopAt(Silent):
    """Presses Ctrl-C after so many steps of one sitting."""

    def __init__(self, steps: int) -> None:
        self.left, self.began_at = steps, -1

    def start(self, stage: str, total: int, done: int) -> None:
        """Remember where this sitting began."""
        self.began_at = done

    def advance(self, steps: int) -> None:
        """Count down."""
        self.left -= steps
        if self.left <= 0:
            raise KeyboardInterrupt
