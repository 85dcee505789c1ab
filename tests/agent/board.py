"""A board that exists on paper: its clock moves when something is done, at a power of its own."""

from __future__ import annotations

from bisect import bisect_right

from wattnas.agent.meters.base import BaseMeter, Reading


class Board:
    """Draws `busy_w` while it runs and `idle_w` while it sleeps; remembers all of it.

    Attributes:
        now: the device's clock, seconds.
        run_s: seconds of one run.
        heat_w: what idle power has grown by, from one sleep to the next.
    """

    def __init__(self, idle_w: float = 2.0, busy_w: float = 5.0, run_s: float = 0.25) -> None:
        self.now = 5000.0
        self.idle_w = idle_w
        self.busy_w = busy_w
        self.run_s = run_s
        self.heat_w = 0.0
        self.starts: list[float] = []
        self.watts: list[float] = []
        self.joules = 0.0

    def clock(self) -> float:
        return self.now

    def run(self) -> None:
        self._spend(self.run_s, self.busy_w)

    def sleep(self, seconds: float) -> None:
        self._spend(seconds, self.idle_w)
        self.idle_w += self.heat_w

    def _spend(self, seconds: float, watts: float) -> None:
        self.starts.append(self.now)
        self.watts.append(watts)
        self.joules += seconds * watts
        self.now += seconds

    def power(self, moment: float) -> float:
        return self.watts[max(0, bisect_right(self.starts, moment) - 1)]

    def log(self, step: float = 0.02, offset: float = 0.0, lost: tuple[float, float] = (0.0, 0.0)) -> str:
        """What an external meter wrote, from 2 s before until 2 s after; its clock is `offset` ahead.

        It wrote nothing between the two moments of `lost`.
        """
        first, rows = self.starts[0] - 2.0, ["time_s,power_mW"]
        for i in range(int((self.now + 2.0 - first) / step)):
            at = first + i * step
            if not lost[0] <= at < lost[1]:
                rows.append(f"{at + offset:.4f},{self.power(at) * 1e3:.2f}")
        return "\n".join(rows) + "\n"


class BoardMeter(BaseMeter):
    """Sees exactly what a board draws."""

    def __init__(self, board: Board) -> None:
        super().__init__("board", "all of the board")
        self._board = board

    def _begin(self) -> None:
        self._since = (self._board.now, self._board.joules)

    def _end(self) -> Reading:
        start, joules = self._since
        return Reading(
            self._board.joules - joules, 0.05, self._board.now - start, 2, self.domain, ("on paper",)
        )
