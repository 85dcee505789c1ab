"""`analysis.json`, as far as the page shows it; unknown keys are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from wattnas.errors import RunError
from wattnas.units import Quantity

NAME = "analysis.json"
FORMAT = 1

ByBatch = dict[int, Quantity]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class NetworkRow(_Part):
    """One network: counts, and what was measured by the number of images of a call."""

    name: str
    title: str
    family: str = "other"
    params: Quantity | None = None
    stored: Quantity | None = None
    macs: Quantity
    bytes_moved: Quantity | None = None
    activation_peak: ByBatch = {}
    process_peak: ByBatch = {}
    latency: ByBatch
    energy: ByBatch = {}
    power: ByBatch = {}
    accuracy: Quantity | None = None
    literature: dict[str, Quantity] = {}
    notes: tuple[str, ...] = ()

    @property
    def top1(self) -> Quantity | None:
        """Accuracy to draw: what was measured, else the published one."""
        return self.accuracy or self.literature.get("top1")

    @property
    def size(self) -> Quantity | None:
        """Parameters to draw: trainable ones, else numbers stored in the file."""
        return self.params or self.stored


class Failure(_Part):
    """A network that could not be analysed."""

    name: str
    message: str
    hint: str = ""


class Estimate(_Part):
    """A fitted number with its interval."""

    value: float
    low: float
    high: float


class Finding(_Part):
    """One claim of Canziani et al. and what the measurements say."""

    claim: str
    verdict: str
    words: str = ""
    fit: str = ""
    n: int = 0
    estimates: dict[str, Estimate] = {}


class AnalysisFile(_Part):
    """The whole file."""

    format: int
    date: str = ""
    machine: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    options: dict[str, Any] = {}
    rows: tuple[NetworkRow, ...] = ()
    failures: tuple[Failure, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_analysis(path: Path) -> AnalysisFile:
    """The file in the analysis directory `path`.

    Raises:
        RunError: it is missing or damaged, or of a format that this version does not read; says where.
    """
    file = path / NAME
    try:
        found = AnalysisFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error}.", "Give the --out of an analysis.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise RunError(f"{file} is damaged: {reason}.", "Run the analysis again.") from error
    if found.format != FORMAT:
        raise RunError(f"{file} has a format this version does not read.", "Use the version that wrote it.")
    return found
