"""The record that says whether the goal was met: `verification.json`."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wattnas import __version__
from wattnas.errors import ConfigError, RunError
from wattnas.export.accuracy import Accuracy
from wattnas.export.parity import Parity
from wattnas.export.runtime import OnnxModel
from wattnas.files import write_text
from wattnas.units import Quantity

Certainty = Literal["above", "within", "below"]

_PACKAGES = ("torch", "onnx", "onnxruntime", "numpy")


class Verification(BaseModel):
    """What was found on held-out images and on this machine, through the exported file.

    Attributes:
        goal_accuracy: what the user asked for; None where no accuracy was asked for.
        accuracy: measured, with interval and per class.
        goal_met: whether the point estimate reaches the goal; None without a goal.
        certainty: "above" where the whole interval reaches the goal, "below" where none of it does, "within"
            where the goal lies inside.
        latency: measured on this machine, seconds.
        predicted_latency, predicted_energy: of the target device, seconds and joules for one image.
        parity: the exported network against torch.
        size_bytes, model_sha256: of the exported file.
        data_hash: of the test images.
        date: UTC, ISO 8601.
        versions: of wattnas, Python and the packages that computed this.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    goal_accuracy: float | None = Field(default=None, gt=0, le=1)
    accuracy: Accuracy
    goal_met: bool | None
    certainty: Certainty | None
    latency: Quantity | None = None
    predicted_latency: Quantity | None = None
    predicted_energy: Quantity | None = None
    parity: Parity
    size_bytes: int = Field(ge=1)
    model_sha256: str
    data_hash: str
    date: datetime
    versions: dict[str, str]

    @model_validator(mode="after")
    def _consistent(self) -> Verification:
        if (self.goal_met, self.certainty) != judge(self.accuracy, self.goal_accuracy):
            raise ValueError("goal_met and certainty do not follow from the accuracy and the goal")
        units = {"latency": "s", "predicted_latency": "s", "predicted_energy": "J"}
        for name, unit in units.items():
            found: Quantity | None = getattr(self, name)
            if found is not None and found.unit != unit:
                raise ValueError(f"{name} is in {found.unit}, not in {unit}")
        if self.latency is not None and self.latency.origin != "measured":
            raise ValueError(f"latency is {self.latency.origin}, not measured")
        return self

    def save(self, path: Path) -> None:
        """Write it to `path`, whole or not at all."""
        write_text(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Verification:
        """Read what `save` wrote; RunError where the file is missing or damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(
                f"{path} is not a verification: {_reason(error)}.",
                "Run `wattnas export --again` and `wattnas evaluate` on that run.",
            ) from error


def judge(accuracy: Accuracy, goal: float | None) -> tuple[bool | None, Certainty | None]:
    """(met, certainty) of an accuracy against a goal; (None, None) without one."""
    if goal is None:
        return None, None
    certainty: Certainty = "above" if accuracy.low >= goal else "below" if accuracy.high < goal else "within"
    return accuracy.accuracy >= goal, certainty


def verify(
    model: OnnxModel,
    accuracy: Accuracy,
    parity: Parity,
    *,
    data_hash: str,
    goal_accuracy: float | None = None,
    latency: Quantity | None = None,
    predicted_latency: Quantity | None = None,
    predicted_energy: Quantity | None = None,
    date: datetime | None = None,
) -> Verification:
    """The record of these findings about `model`; `date` is now unless given.

    Raises:
        ConfigError: a goal outside (0, 1], or a quantity in another unit or origin than its name says.
    """
    met, certainty = judge(accuracy, goal_accuracy)
    try:
        return Verification(
            goal_accuracy=goal_accuracy,
            accuracy=accuracy,
            goal_met=met,
            certainty=certainty,
            latency=latency,
            predicted_latency=predicted_latency,
            predicted_energy=predicted_energy,
            parity=parity,
            size_bytes=model.size_bytes,
            model_sha256=model.sha256,
            data_hash=data_hash,
            date=date or datetime.now(timezone.utc).replace(microsecond=0),
            versions=versions(),
        )
    except ValidationError as error:
        raise ConfigError(
            f"The findings do not make a verification: {_reason(error)}.", "Mend that value."
        ) from error


def versions() -> dict[str, str]:
    """Versions of wattnas, Python and the packages that compute, without loading them."""
    found = {"wattnas": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def _reason(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
