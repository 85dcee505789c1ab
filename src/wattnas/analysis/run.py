"""A run directory as something to analyse: its exported network and what was verified about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wattnas.analysis.adopt import adopt
from wattnas.analysis.loaded import Loaded
from wattnas.errors import RunError
from wattnas.rundir import RunDir
from wattnas.units import Quantity

RUN_FILES = ("model.onnx", "costs.json", "verification.json")
"""What `load_run` reads."""


def load_run(path: Path) -> Loaded:
    """The exported network of a run; RunError where it has none yet."""
    RunDir(path).load()
    file = path / "model.onnx"
    if not file.is_file():
        raise RunError(f"{path} has no model.onnx yet.", f"Run `wattnas export {path}` first.")
    costs = optional_object(path / "costs.json")
    params = costs.get("params")
    found = verified(path)
    return Loaded(
        adopt(file.read_bytes(), str(file)),
        params if isinstance(params, int) else None,
        "trained",
        measured={"accuracy": found} if found else {},
    )


def verified(path: Path) -> Quantity | None:
    """The accuracy that `verification.json` holds, with its interval; None where there is none.

    Raises:
        RunError: what it holds is no accuracy.
    """
    accuracy = optional_object(path / "verification.json").get("accuracy")
    if not isinstance(accuracy, dict) or not {"accuracy", "low", "high", "n"} <= accuracy.keys():
        return None
    try:
        return Quantity(
            value=accuracy["accuracy"],
            unit="1",
            origin="measured",
            low=accuracy["low"],
            high=accuracy["high"],
            n=accuracy["n"],
            source=f"the run's own test images, {path.name}/verification.json",
        )
    except ValidationError as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: ValidationError) -> RunError:
    """What to say of a run whose files hold something else than figures."""
    return RunError(
        f"{path} holds figures that cannot be read: {error.errors()[0]['msg']}.",
        f"Run `wattnas evaluate {path}` again.",
    )


def optional_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; an empty one where the file is missing or holds something else."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
