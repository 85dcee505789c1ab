"""The run directory: one folder from which every stage can be started again.

`run.json` is the manifest (settings, versions, state of each stage), `metrics.jsonl` the log, `*.checkpoint`
the state of a stage in progress. See docs/architecture.md for the other files.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wattnas.errors import RunError
from wattnas.files import write_json

FORMAT = 1


def now() -> str:
    """The present moment, UTC, ISO 8601, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


class RunDir:
    """One run: its manifest, its metrics and the state of its stages.

    Args:
        path: the directory; it need not exist before `start`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: dict[str, Any] = {}

    @property
    def exists(self) -> bool:
        """Whether a run was started here."""
        return (self.path / "run.json").is_file()

    def file(self, name: str) -> Path:
        """Path of a file of the run."""
        return self.path / name

    @contextmanager
    def locked(self, *, patient: bool = False) -> Iterator[None]:
        """Hold the run for this process; RunError where another one does. A killed process holds nothing.

        Args:
            patient: wait for the other one instead.
        """
        self._make()
        lock = FileLock(self.path / ".lock", timeout=-1 if patient else 0)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunError(
                f"Another process works in {self.path}.", "Wait for it, or choose another --out."
            ) from error
        except OSError as error:
            raise RunError(f"{self.path} cannot be written to: {error}.", "Choose another --out.") from error
        try:
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove the half-written files of a process that was killed."""
        for part in self.path.glob(".*.part"):
            part.unlink(missing_ok=True)

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path} cannot be made: {error}.", "Choose another --out.") from error

    def start(
        self, settings: Mapping[str, Any], facts: Mapping[str, Any], warnings: Sequence[str] = ()
    ) -> None:
        """Begin a run with `settings`, or go on with the one that is here when it has the very same settings.

        Args:
            facts: more for the manifest of a run that begins.
            warnings: what a run that begins warns of.

        Raises:
            RunError: the directory holds something else, or a run with other settings (the first is named).
        """
        if self.exists:
            self.load()
            _refuse_other_settings(self.path, self.manifest["settings"], settings)
            self._sweep()
            return
        self.refuse_foreign()
        self.manifest = {
            "format": FORMAT,
            "created": now(),
            "settings": dict(settings),
            **facts,
            "stages": {},
            "warnings": list(warnings),
        }
        self.save()

    def refuse_foreign(self) -> None:
        """RunError where the directory, which is made if need be, holds files of someone else."""
        self._make()
        foreign = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")]
        if foreign:
            raise RunError(
                f"{self.path} is not empty and no run of wattnas (it holds {sorted(foreign)[0]!r}).",
                "Choose another --out.",
            )

    def load(self) -> dict[str, Any]:
        """Read the manifest; RunError where there is none or it is damaged."""
        path = self.path / "run.json"
        if not self.path.is_dir() or not path.is_file():
            raise RunError(
                f"{self.path} is not a run directory: it has no run.json.", "Give the --out of a build."
            )
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path} is damaged: {error}.", "Build again with another --out.") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise RunError(
                f"{path} has a format this version does not read.", "Use the version that wrote it."
            )
        if not all(isinstance(manifest.get(part), dict) for part in ("settings", "stages")):
            raise RunError(
                f"{path} is damaged: settings or stages are missing.", "Build again with another --out."
            )
        self.manifest = manifest
        return manifest

    def save(self) -> None:
        """Write the manifest, whole or not at all."""
        write_json(self.path / "run.json", self.manifest)

    def read_json(self, name: str) -> Any:
        """A JSON file of the run; RunError where it is missing or damaged."""
        try:
            return json.loads(self.file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{self.file(name)} cannot be read: {error}.", "Run that stage again.") from error

    def warn(self, text: str) -> None:
        """Keep a warning in the manifest, once; it shows in the report."""
        if text not in self.manifest["warnings"]:
            self.manifest["warnings"].append(text)
            self.save()

    def is_done(self, stage: str) -> bool:
        """Whether `stage` ended."""
        return bool(self.manifest["stages"].get(stage, {}).get("state") == "done")

    def forget(self, stages: tuple[str, ...]) -> None:
        """Mark `stages` as not done, so that they run again."""
        for stage in stages:
            self.manifest["stages"].pop(stage, None)
            self.checkpoint_path(stage).unlink(missing_ok=True)
        self.save()

    def finish(self, stage: str, wall_s: float, **values: Any) -> None:
        """Record that `stage` ended; its checkpoint goes."""
        self.manifest["stages"][stage] = {
            "state": "done",
            "wall_s": round(wall_s, 3),
            "ended": now(),
            **values,
        }
        self.save()
        self.checkpoint_path(stage).unlink(missing_ok=True)

    def checkpoint_path(self, stage: str) -> Path:
        """Where `stage` keeps its state while it runs."""
        return self.path / f"{stage}.checkpoint"


class MetricsLog:
    """`metrics.jsonl`: one JSON object per line, cut back on resume to what the checkpoint knows.

    Values are those of the computation alone (no times), so that a resumed run writes the very same lines.

    Args:
        path: the file.
        offset: bytes to keep; what comes after was written past the last checkpoint and will be written
            again.
    """

    def __init__(self, path: Path, offset: int) -> None:
        path.touch()
        if path.stat().st_size < offset:
            raise RunError(f"{path} is shorter than its checkpoint says.", "Build again with another --out.")
        os.truncate(path, offset)
        self._file = path.open("a", encoding="utf-8")

    def write(self, **values: Any) -> None:
        """Append one line; ValueError where a value is not finite."""
        self._file.write(json.dumps(values, allow_nan=False) + "\n")
        self._file.flush()

    def offset(self) -> int:
        """Bytes written so far, synced to disk, to be kept by a checkpoint."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Sync and close."""
        self.offset()
        self._file.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All whole lines of `metrics.jsonl`; a last line that a kill cut short is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


class Clock:
    """Wall seconds of a stage over all its resumptions."""

    def __init__(self, spent_s: float = 0.0) -> None:
        self._spent_s, self._since = spent_s, time.perf_counter()

    def seconds(self) -> float:
        """Seconds worked so far."""
        return self._spent_s + time.perf_counter() - self._since


def _refuse_other_settings(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in sorted(set(old) | set(new)):
        before, after = old.get(key), new.get(key)
        if before != after:
            if isinstance(before, dict) and isinstance(after, dict):
                inner = next(k for k in sorted({*before, *after}) if before.get(k) != after.get(k))
                key, before, after = f"{key}.{inner}", before.get(inner), after.get(inner)
            raise RunError(
                f"{path} was built with {key} = {before!r}, not {after!r}.",
                "Choose another --out, or repeat the command it was started with.",
            )
