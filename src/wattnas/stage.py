"""A stage in progress: its log, its clock, its checkpoint, its watcher; and the means it logs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from wattnas.checkpoint import load_state, save_state
from wattnas.compute import Compute
from wattnas.errors import NumericError
from wattnas.progress import Progress, Silent
from wattnas.rundir import Clock, MetricsLog, RunDir

LINES_PER_EPOCH = 10


class Stage:
    """Bookkeeping of one stage that takes many steps.

    A stage saves only right after a line was logged, so a checkpoint holds no half-filled means, and cuts the
    log back to its checkpoint when it resumes: the log of a resumed run is that of an undisturbed one.

    Args:
        run: where it keeps its files.
        name: of the stage, as in the manifest.
        log_start: length of the log in bytes where this stage begins.
        checkpoint_s: seconds between checkpoints.
        writes: whether this process writes; of several, the others only read the checkpoint.
    """

    def __init__(
        self,
        run: RunDir,
        name: str,
        *,
        log_start: int,
        checkpoint_s: float,
        progress: Progress | None = None,
        writes: bool = True,
    ) -> None:
        self.run, self.name, self.progress, self.writes = run, name, progress or Silent(), writes
        self._path, self._interval_s = run.checkpoint_path(name), checkpoint_s
        self.tensors: dict[str, Tensor] | None = None
        self.values: dict[str, Any] = {}
        if self._path.is_file():
            self.tensors, self.values = load_state(self._path)
        self.clock = Clock(self.values.get("wall_s", 0.0))
        begin = self.values.get("log_bytes", log_start)
        self._log = MetricsLog(run.file("metrics.jsonl"), begin) if writes else None
        self._saved = time.perf_counter()

    @property
    def step(self) -> int:
        """First step that is still to be done."""
        return int(self.values.get("step", 0))

    def log(self, **values: Any) -> None:
        """Append a line to the metrics."""
        if self._log is not None:
            self._log.write(stage=self.name, **values)

    def is_due(self) -> bool:
        """Whether the last checkpoint is old enough for a new one."""
        return self.writes and time.perf_counter() - self._saved >= self._interval_s

    def save(self, step: int, tensors: dict[str, Tensor]) -> None:
        """Keep `tensors` as the state before `step`."""
        assert self._log is not None, "another process writes"
        values = {"step": step, "log_bytes": self._log.offset(), "wall_s": self.clock.seconds()}
        save_state(self._path, tensors, values)
        self._saved = time.perf_counter()

    def finish(self, **values: Any) -> None:
        """Mark the stage as done in the manifest."""
        if self._log is not None:
            end = self._log.offset()
            self._log.close()
            self.run.finish(self.name, self.clock.seconds(), log_bytes=end, **values)
        self.progress.end()


class Means:
    """Means of tensors over steps, summed in float64 where they are, read once per logged line."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, **values: Tensor) -> None:
        """Add one value () of each name."""
        for name, value in values.items():
            old = self._sums.get(name)
            new = value.detach().to(torch.float64)
            self._sums[name] = new if old is None else old + new
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self, compute: Compute) -> dict[str, float]:
        """The means since the last call, over all processes, as floats of 7 significant digits."""
        totals = compute.average([total.cpu() for total in self._sums.values()])
        means = {
            name: float(f"{float(total) / self._counts[name]:.7g}")
            for name, total in zip(self._sums, totals, strict=True)
        }
        self._sums, self._counts = {}, {}
        return means


class FiniteWatch:
    """Remembers the first step whose loss is not finite, without waiting for the device.

    Args:
        hint: what to do about it.
    """

    def __init__(self, hint: str) -> None:
        self._hint, self._where, self._seen = hint, "", dict[str, Tensor]()

    def at(self, where: str) -> None:
        """The step that the next losses belong to, for people: "search, epoch 3, step 17"."""
        self._where = where

    def see(self, loss: Tensor) -> None:
        """Keep a loss () for the next `check`; the first of a step that is not finite counts."""
        value = loss.detach()
        before = self._seen.get(self._where)
        self._seen[self._where] = value if before is None else before.to(value) + value

    def check(self) -> None:
        """Look at what was seen since the last call. Waits for the device, so: where a line is logged.

        Raises:
            NumericError: naming the first step with a loss that is NaN or infinite.
        """
        seen, self._seen = self._seen, {}
        for where, value in zip(seen, torch.stack([v.cpu() for v in seen.values()]).tolist(), strict=True):
            if not math.isfinite(value):
                raise NumericError(f"{where}: the loss is {value}.", self._hint)


@dataclass(frozen=True)
class Steps:
    """The steps of a stage: what each does, and what is logged and kept now and then.

    Attributes:
        label: what a watcher calls the stage.
        epochs, per_epoch: how many steps there are.
        do: one step, given epoch, position in it, and progress from 0 to below 1.
        log: writes the line that is due after the step at (epoch, position).
        state: everything a checkpoint has to hold.
    """

    label: str
    epochs: int
    per_epoch: int
    do: Callable[[int, int, float], None]
    log: Callable[[int, int], None]
    state: Callable[[], dict[str, Tensor]]

    def run(self, stage: Stage) -> None:
        """Do the steps that `stage` still has to do."""
        total = self.epochs * self.per_epoch
        stage.progress.start(self.label, total, stage.step)
        for step in range(stage.step, total):
            epoch, position = divmod(step, self.per_epoch)
            self.do(epoch, position, step / total)
            if is_log_step(position, self.per_epoch):
                self.log(epoch, position)
                if stage.is_due() and step + 1 < total:
                    stage.save(step + 1, self.state())
            stage.progress.advance(1)


def is_log_step(position: int, steps: int) -> bool:
    """Whether a line is due after step `position` of an epoch: about ten times, and at its end."""
    return position + 1 == steps or (position + 1) % max(1, steps // LINES_PER_EPOCH) == 0
