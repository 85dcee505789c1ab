"""What a bit more or a bit less would cost, beside the network that was chosen; what to relax."""

from __future__ import annotations

from dataclasses import dataclass

from wattnas.report.explorer import NAMES
from wattnas.report.files import AdviceFile, NeighbourFacts
from wattnas.report.sweep_file import UNITS
from wattnas.report.text import Number, goal_text, number, share


@dataclass(frozen=True)
class NeighbourRow:
    """One network: which it is, its accuracy and where that comes from, its costs as in `headers`."""

    name: str
    accuracy: Number
    origin: str
    costs: tuple[Number, ...]
    architecture: str


@dataclass(frozen=True)
class AdvicePart:
    """The neighbours of the chosen network and, where a wish was missed, what to relax."""

    headers: tuple[str, ...]
    rows: tuple[NeighbourRow, ...]
    slope: str
    note: str
    relax: tuple[str, ...]


def build_advice(found: AdviceFile | None) -> AdvicePart | None:
    """The part of the page; None where the run has no closed loop."""
    if found is None:
        return None
    keys = tuple(key for key in UNITS if key in found.chosen.costs)
    named = (("Next cheaper", found.cheaper), ("Chosen", found.chosen), ("Next better", found.better))
    return AdvicePart(
        headers=tuple(NAMES[key] for key in keys),
        rows=tuple(_row(name, entry, keys) for name, entry in named if entry is not None),
        slope=_slope(found),
        note=_note(found.epochs),
        relax=tuple(_relaxed(entry.name, entry.asked, entry.needed) for entry in found.relax),
    )


def _row(name: str, entry: NeighbourFacts, keys: tuple[str, ...]) -> NeighbourRow:
    return NeighbourRow(
        name=name,
        accuracy=share(entry.accuracy),
        origin="measured" if name == "Chosen" else "predicted",
        costs=tuple(number(entry.costs[key], UNITS[key]) for key in keys),
        architecture=" ".join(entry.operations),
    )


def _slope(found: AdviceFile) -> str:
    if not {"energy_j", "latency_s"} <= set(found.per_point):
        return ""
    joules, seconds = number(found.per_point["energy_j"], "J"), number(found.per_point["latency_s"], "s")
    return f"Around the chosen network one point of accuracy costs about {joules.text} and {seconds.text}."


def _note(epochs: int | None) -> str:
    after = f": accuracy expected after {epochs} epochs, like that of the chosen one" if epochs else ""
    return (
        "Accuracy of the chosen network: on validation images. Costs are predicted or counted. The "
        f"neighbours have not been trained{after}."
    )


def _relaxed(name: str, asked: float, needed: float | None) -> str:
    if name == "goal_accuracy":
        best = "" if needed is None else f" About {share(needed).text} should be possible."
        return f"A goal of {goal_text(asked)} was out of reach.{best}"
    limit = number(asked, UNITS[name]).text
    if needed is None:
        return f"{NAMES[name]} above {limit} alone is not expected to help."
    return (
        f"{NAMES[name]} up to {number(needed, UNITS[name]).text} instead of {limit} should make it possible."
    )
