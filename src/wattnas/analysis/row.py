"""One analysed network, as it is stored: every number with its unit, origin and source."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wattnas.analysis.loaded import Weights
from wattnas.files import write_text
from wattnas.units import Quantity

FORMAT = 1


class Options(BaseModel):
    """How networks are measured; rows made with others are made again.

    Attributes:
        device: "local", this machine.
        threads: inside one operation.
        batches: images per call; those a network is too slow for are left out, and said so.
        budget_s: the most that one batch size above 1 may take.
        watts: assumed power where there is no meter.
        meter: of energy, as docs/meters.md writes it; empty for none.
        memory: whether the peak memory of a process is measured.
        data: images for the accuracy; empty for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str = "local"
    threads: int = Field(default=1, ge=1)
    batches: tuple[int, ...] = (1, 2, 4, 8, 16)
    budget_s: float = Field(default=8.0, gt=0)
    watts: float = Field(default=10.0, gt=0)
    meter: str = ""
    memory: bool = True
    data: str = ""


class Row(BaseModel):
    """What was found about one network.

    Attributes:
        key: hash of the network's identity and the options it was measured with.
        input: (channels, height, width) of an image.
        classes: logits per image.
        params: trainable parameters; None where only the exported file is there.
        stored: numbers in the exported file, where BatchNorm is folded.
        macs, bytes_moved: for one image.
        activation_peak: planned, by number of images; `process_peak`: measured, by number of images.
        latency, energy, power: of one call, by number of images; the last two are missing where a meter's
            reading did not count.
        accuracy: on the data given, or of the run.
        literature: published figures.
        counted, not_counted: operations that are in `macs`, and elements written by those that are not.
        wall_s: seconds that this row took.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: int = FORMAT
    key: str
    name: str
    title: str
    family: str
    kind: str
    weights: Weights
    input: tuple[int, int, int]
    classes: int
    params: Quantity | None
    stored: Quantity
    macs: Quantity
    bytes_moved: Quantity
    activation_peak: dict[int, Quantity]
    process_peak: dict[int, Quantity]
    latency: dict[int, Quantity]
    energy: dict[int, Quantity]
    power: dict[int, Quantity]
    accuracy: Quantity | None
    literature: dict[str, Quantity]
    counted: dict[str, int]
    not_counted: dict[str, int]
    notes: tuple[str, ...]
    wall_s: float

    @property
    def top1(self) -> Quantity | None:
        """Accuracy to draw: what was measured, else the published one."""
        return self.accuracy or self.literature.get("top1")

    @property
    def yardstick(self) -> str:
        """What the accuracy was found on: only rows that share it can be compared by it."""
        if self.accuracy is not None:
            return self.accuracy.source
        return f"published, {self.classes} classes"

    @property
    def size(self) -> float:
        """Parameters to draw: trainable ones, else numbers stored."""
        return (self.params or self.stored).value

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        write_text(path, self.model_dump_json(indent=1) + "\n")


def load_row(path: Path, key: str) -> Row | None:
    """The row in `path` if it was made with `key`; None where it is missing, damaged or of other options."""
    try:
        row = Row.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return row if row.key == key and row.format == FORMAT else None
