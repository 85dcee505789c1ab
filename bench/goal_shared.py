"""What the parts of the goal benchmark share: fixed settings, a clock with a limit, lines of progress."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from wattnas.config import Settings, merge_settings
from wattnas.files import write_json
from wattnas.progress import Silent

GOALS = (0.50, 0.60, 0.70, 0.80, 0.85)
KEEP_EVERY_S = 20.0


class Clock:
    """Minutes of work of one part over all runs of this program in one folder.

    Args:
        path: holds the seconds of every part.
        part: the one that works now.
        limit_min: of each part.
    """

    def __init__(self, path: Path, part: str, limit_min: float) -> None:
        self._path, self._part, self._limit_s = path, part, 60.0 * limit_min
        self._since = self._kept = time.perf_counter()
        self._before = read_clock(path).get(part, 0.0)

    def seconds(self) -> float:
        """So far; kept."""
        self._kept = time.perf_counter()
        spent = float(self._before + self._kept - self._since)
        write_json(self._path, read_clock(self._path) | {self._part: round(spent, 1)})
        return spent

    def tick(self) -> None:
        """Keep the time now and then, so that a kill loses little of it."""
        if time.perf_counter() - self._kept >= KEEP_EVERY_S:
            self.seconds()

    @property
    def is_up(self) -> bool:
        """Whether the limit is reached."""
        return self.seconds() >= self._limit_s


def read_clock(path: Path) -> dict[str, float]:
    """Seconds of each part that has begun."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}


class Teller(Silent):
    """Progress as plain lines with the time; keeps the clock's minutes while a stage works."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def start(self, stage: str, total: int, done: int) -> None:
        """A stage begins."""
        self.say(f"{stage}: {total - done} steps")

    def advance(self, steps: int) -> None:
        """Some steps are done."""
        self._clock.tick()

    def say(self, text: str) -> None:
        """A sentence."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def settings_for(data: str, method: str, goal: float, minimize: str, overrides: dict[str, Any]) -> Settings:
    """The fixed settings of one row."""
    given = {
        "data": data,
        "method": method,
        "goal_accuracy": goal,
        "minimize": minimize,
        "device": "ozawa-2021",
        "space": "cifar",
        "preset": "standard",
        "seed": 0,
    }
    return merge_settings(given | overrides)
