"""A run directory read into checked records; a damaged file is named, a missing one is None.

What a stage wrote counts once the manifest says that the stage is done: one that was begun anew leaves the
files of its predecessor lying there until it replaces them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wattnas.errors import RunError
from wattnas.report.files import (
    AdviceFile,
    ArchitectureFile,
    CostsFile,
    Manifest,
    OnDeviceFile,
    ProfileFile,
    RoundsFile,
    SearchLine,
    TrainLine,
    VerificationFile,
)
from wattnas.rundir import RunDir, read_metrics

MODEL = "model.onnx"

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


@dataclass(frozen=True)
class ModelFile:
    """The exported network as it lies there."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class RunFiles:
    """Everything that the stages that are done have saved, and the log so far.

    Attributes:
        name: of the run directory.
        search, train: the lines of `metrics.jsonl` by stage, in order.
    """

    name: str
    manifest: Manifest
    profile: ProfileFile | None
    architecture: ArchitectureFile | None
    costs: CostsFile | None
    search: tuple[SearchLine, ...]
    train: tuple[TrainLine, ...]
    verification: VerificationFile | None
    model: ModelFile | None
    on_device: OnDeviceFile | None = None
    rounds: RoundsFile | None = None
    advice: AdviceFile | None = None


def read_run(path: Path) -> RunFiles:
    """The files of the run directory `path`.

    Raises:
        RunError: there is no `run.json`, or a file is damaged or contradicts another one; names it.
    """
    run = RunDir(path)
    manifest = _checked(Manifest, _guarded(path / "run.json", run.load), path / "run.json")
    done = {name for name, stage in manifest.stages.items() if stage.state == "done"}
    lines = _guarded(path / "metrics.jsonl", lambda: read_metrics(path / "metrics.jsonl"))
    files = RunFiles(
        name=path.resolve().name,
        manifest=manifest,
        profile=_optional(run, "profile.json", ProfileFile),
        architecture=_optional(run, "architecture.json", ArchitectureFile) if "search" in done else None,
        costs=_optional(run, "costs.json", CostsFile) if "search" in done else None,
        search=_stage_lines(lines, "search", SearchLine, path),
        train=_stage_lines(lines, "train", TrainLine, path),
        verification=_optional(run, "verification.json", VerificationFile) if "verify" in done else None,
        model=_model(path / MODEL) if "export" in done else None,
        on_device=_optional(run, "on_device.json", OnDeviceFile) if "verify" in done else None,
        rounds=_optional(run, "rounds.json", RoundsFile),
        advice=_optional(run, "advice.json", AdviceFile) if "search" in done else None,
    )
    _check_same_architecture(files, path)
    return files


def _guarded(path: Path, read: Callable[[], T]) -> T:
    """What `read` gives; whatever a damaged file makes it raise becomes one RunError."""
    try:
        return read()
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _checked(model: type[M], content: Any, path: Path, where: str = "") -> M:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = ": ".join(part for part in (where, place, first["msg"]) if part)
        raise _damaged(path, reason) from error


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(f"{path} is damaged: {reason}.", "Run that stage again.")


def _optional(run: RunDir, name: str, model: type[M]) -> M | None:
    path = run.file(name)
    if not path.exists():
        return None
    return _checked(model, _guarded(path, lambda: run.read_json(name)), path)


def _stage_lines(lines: list[dict[str, Any]], stage: str, model: type[M], path: Path) -> tuple[M, ...]:
    found: list[M] = []
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, dict):
            raise _damaged(path / "metrics.jsonl", f"line {number} is no JSON object")
        if line.get("stage") == stage:
            found.append(_checked(model, line, path / "metrics.jsonl", f"line {number}"))
    return tuple(found)


def _model(path: Path) -> ModelFile | None:
    if not path.is_file():
        return None
    content = _guarded(path, path.read_bytes)
    return ModelFile(len(content), hashlib.sha256(content).hexdigest())


def _check_same_architecture(files: RunFiles, path: Path) -> None:
    costs, architecture = files.costs, files.architecture
    if costs is None:
        return
    described = tuple(layer.operation for layer in costs.layers)
    if described != costs.architecture:
        raise _damaged(path / "costs.json", "its layers are not those of its architecture")
    if architecture is not None and architecture.operations != costs.architecture:
        raise RunError(
            f"{path / 'costs.json'} describes another architecture than architecture.json.",
            "Run the search again.",
        )
