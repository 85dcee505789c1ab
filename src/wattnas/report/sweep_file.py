"""`sweep.json`: one supernet, many networks; the format, for what writes it and for the page.

See docs/report.md. Every number is a `Quantity`: value, unit, origin, interval, source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wattnas.errors import RunError
from wattnas.files import write_text
from wattnas.report.charts import Unit
from wattnas.units import Quantity

NAME = "sweep.json"

Positive = Annotated[int, Field(ge=1)]
Cost = Literal["energy_j", "latency_s", "params", "macs", "memory_bytes"]
UNITS: dict[str, Unit] = {"energy_j": "J", "latency_s": "s", "params": "1", "macs": "1", "memory_bytes": "B"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LayerShape(_Part):
    """What one searchable layer of the space gets and gives, the same for all architectures."""

    in_channels: Positive
    out_channels: Positive
    out_size: Positive
    stride: Positive


class LayerCost(_Part):
    """Seconds and joules of one candidate at one layer."""

    latency_s: Quantity
    energy_j: Quantity


class Network(_Part):
    """A network on the axes.

    Attributes:
        name: unique in the file.
        architecture: one candidate per layer, first layer first; empty where it is of another space.
        accuracy: share of the test images, 0 to 1, with its interval where it was measured or predicted.
        energy_j, latency_s: of one image; None where nobody knows.
        params, macs, memory_bytes: None where nobody knows.
    """

    name: Annotated[str, Field(min_length=1)]
    architecture: tuple[str, ...] = ()
    accuracy: Quantity
    energy_j: Quantity | None = None
    latency_s: Quantity | None = None
    params: Quantity | None = None
    macs: Quantity | None = None
    memory_bytes: Quantity | None = None

    @model_validator(mode="after")
    def _units(self) -> Network:
        if self.accuracy.unit != "1" or not 0 <= self.accuracy.value <= 1:
            raise ValueError(f"accuracy of {self.name!r} is no share between 0 and 1")
        for key, unit in UNITS.items():
            found = self.cost(key)
            if found is not None and (found.unit != unit or found.value < 0):
                raise ValueError(f"{key} of {self.name!r} has to be at least 0, in {unit!r}")
        return self

    def cost(self, key: str) -> Quantity | None:
        """One of the costs by its name."""
        found: Quantity | None = getattr(self, key)
        return found


class Point(Network):
    """A network of the sweep.

    Attributes:
        command: that builds it.
        goal: that it was built for, where there was one.
        met: whether it meets that goal.
        run: its run directory, relative to the file.
    """

    command: Annotated[str, Field(min_length=1)]
    goal: Annotated[float, Field(ge=0, le=1)] | None = None
    met: bool | None = None
    run: str = ""


class Reference(Network):
    """A network from elsewhere; `group` is its family or publication."""

    group: str = "reference"


class SweepFile(_Part):
    """The whole file.

    Attributes:
        title: shown on top.
        device, space, data: whose costs, which space, which images.
        minimize: the cost that was minimised.
        layers: shapes of the space's searchable layers; empty where the drawing shall have none.
        layer_costs: by layer, candidate -> its costs; empty where they are not known.
        points, references: the networks.
        created: ISO 8601.
        seconds: wall time by part: profile, supernet, selection, training.
        facts: whatever else belongs to the provenance (seed, versions, machine).
        warnings: what occurred.
    """

    format: Literal[1] = 1
    title: str
    device: str
    space: str = ""
    data: str = ""
    minimize: Cost = "energy_j"
    layers: tuple[LayerShape, ...] = ()
    layer_costs: tuple[dict[str, LayerCost], ...] = ()
    points: Annotated[tuple[Point, ...], Field(min_length=1)]
    references: tuple[Reference, ...] = ()
    created: str = ""
    seconds: dict[str, Annotated[float, Field(ge=0)]] = {}
    facts: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> SweepFile:
        names = [network.name for network in (*self.points, *self.references)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"the name {repeated[0]!r} occurs more than once")
        if all(point.cost(self.minimize) is None for point in self.points):
            raise ValueError(f"no point has {self.minimize}, which was minimised")
        if self.layer_costs and len(self.layer_costs) != len(self.layers):
            raise ValueError(f"layer_costs has {len(self.layer_costs)} layers, layers has {len(self.layers)}")
        for network in (*self.points, *self.references):
            if self.layers and network.architecture and len(network.architecture) != len(self.layers):
                raise ValueError(f"{network.name!r} has another number of layers than the space")
        return self

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        write_text(path, self.model_dump_json(indent=1) + "\n")


def read_sweep(path: Path) -> SweepFile:
    """The file in the sweep directory `path`.

    Raises:
        RunError: it is missing or damaged; says where.
    """
    file = path / NAME
    try:
        return SweepFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error}.", "Give the --out of a sweep.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise RunError(f"{file} is damaged: {reason}.", "Run the sweep again.") from error
