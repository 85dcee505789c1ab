"""Tables 2 and 3 of Ozawa et al., published figures beside ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from wattnas.analysis.run import damaged, optional_object, verified
from wattnas.errors import RunError
from wattnas.rundir import RunDir
from wattnas.units import Quantity, format_count, format_joules, format_seconds
from wattnas.zoo import IMAGES, SOURCE, PublishedRow, published_operations, published_rows

_NOTHING = "-"


class Ours(NamedTuple):
    """What one run found.

    Attributes:
        accuracy: share of its test images.
        seconds: for 10,000 images, one at a time, on this machine.
        energy: on the run's device, as the paper sums it: over the searchable layers.
        params: of the network.
    """

    accuracy: Quantity | None
    seconds: Quantity | None
    energy: Quantity | None
    params: Quantity | None


class Line(NamedTuple):
    """One network: what the paper prints, what we found; None where there is nothing."""

    name: str
    published: PublishedRow | None
    ours: Ours | None


def read_ours(path: Path) -> Ours:
    """What the files of a run say; RunError where it is no run or was not verified yet."""
    RunDir(path).load()
    accuracy = verified(path)
    if accuracy is None:
        raise RunError(f"{path} was not verified yet.", f"Run `wattnas evaluate {path}` first.")
    record, costs = optional_object(path / "verification.json"), optional_object(path / "costs.json")
    try:
        latency = _quantity(record.get("latency"))
        sources = costs.get("sources", {})
        energy, params = _quantity(sources.get("energy_j")), _quantity(sources.get("params"))
    except ValidationError as error:
        raise damaged(path, error) from error
    return Ours(accuracy, None if latency is None else for_images(latency), energy, params)


def for_images(latency: Quantity) -> Quantity:
    """Seconds for 10,000 images, from the latency of one."""
    low, high = (None if end is None else end * IMAGES for end in (latency.low, latency.high))
    return latency.model_copy(update={"value": latency.value * IMAGES, "low": low, "high": high})


def published_name(path: Path) -> str | None:
    """The row of the paper that a run is: by its architecture, else by the name of its directory."""
    operations = " ".join(optional_object(path / "architecture.json").get("operations", ()))
    same = (name for name, written in published_operations().items() if written == operations)
    return next(same, path.name if path.name in published_rows() else None)


def lines_of(names: Iterable[str], ours: dict[str, Ours]) -> list[Line]:
    """One line per published name, ours beside it."""
    return [Line(name, published_rows()[name], ours.get(name)) for name in names]


def markdown(lines: Iterable[Line]) -> str:
    """The table: every quantity published and measured, side by side."""
    head = ("network", "accuracy", "here", "10,000 images", "here", "energy", "here", "parameters", "here")
    body = [head, tuple("---" for _ in head), *(_cells(line) for line in lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in body)


NOTES = (
    f"Published: {SOURCE}; times on an Intel i7-6950X, energy on a Raspberry Pi 3B. "
    "Here: accuracy on the test images through the exported file, with its 95 % interval; time is 10,000 "
    "times the latency of one image on this machine; energy is predicted from the device profile of the run, "
    "over the searchable layers, as the paper sums it."
)


def _cells(line: Line) -> tuple[str, ...]:
    was, ours = line.published, line.ours
    return (
        line.name,
        f"{was.accuracy:.1%}" if was else _NOTHING,
        _with_interval(ours.accuracy) if ours else _NOTHING,
        f"{was.seconds:g} s" if was else _NOTHING,
        _shown(ours.seconds, format_seconds) if ours else _NOTHING,
        f"{was.energy_j:g} J" if was and was.energy_j is not None else _NOTHING,
        _shown(ours.energy, format_joules) if ours else _NOTHING,
        f"{was.params_m} M" if was else _NOTHING,
        _shown(ours.params, format_count) if ours else _NOTHING,
    )


def _with_interval(quantity: Quantity | None) -> str:
    if quantity is None or quantity.low is None or quantity.high is None:
        return _shown(quantity, lambda value: f"{value:.1%}")
    return f"{quantity.value:.1%} ({quantity.low:.1%} to {quantity.high:.1%})"


def _shown(quantity: Quantity | None, write: Callable[[float], str]) -> str:
    return _NOTHING if quantity is None else write(quantity.value)


def _quantity(raw: Any) -> Quantity | None:
    return None if raw is None else Quantity.model_validate(raw)
