"""Curves of search and training, and their numbers epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wattnas.report.charts import LineChart, Series, Unit
from wattnas.report.files import SearchLine, TrainLine
from wattnas.report.read import RunFiles
from wattnas.report.text import Number, number, plain, share

MAX_ROWS = 300
"""Epochs shown in a table; more would be thinned out evenly."""

Lines = Sequence[SearchLine] | Sequence[TrainLine]

_FORMATS: dict[Unit, Callable[[float], Number]] = {
    "share": share,
    "s": lambda value: number(value, "s"),
    "J": lambda value: number(value, "J"),
    "": plain,
}


@dataclass(frozen=True)
class EpochTable:
    """The last logged values of each epoch; None where a value was not logged.

    Attributes:
        headers: one per column, after the epoch.
        rows: (epoch from 1, values).
        note: says so where epochs are left out.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Number | None, ...]], ...]
    note: str


@dataclass(frozen=True)
class Curves:
    """What one stage looked like over its epochs."""

    charts: tuple[LineChart, ...]
    table: EpochTable


@dataclass(frozen=True)
class _Plan:
    """A chart to be: (title, unit, {name of a line: field of the log})."""

    title: str
    unit: Unit
    fields: dict[str, str]
    has_goal: bool = False


_SEARCH = (
    _Plan("Accuracy", "share", {"weights": "weight_accuracy", "theta": "accuracy"}, has_goal=True),
    _Plan("Cross entropy (nats)", "", {"weights": "weight_cross_entropy", "theta": "cross_entropy"}),
    _Plan("Expected latency", "s", {"latency": "latency_s"}),
    _Plan("Expected energy", "J", {"energy": "energy_j"}),
    _Plan(
        "Objective and its terms",
        "",
        {
            "loss": "loss",
            "classification": "classification_term",
            "latency": "latency_term",
            "energy": "energy_term",
        },
    ),
    _Plan("Entropy of the gates (nats)", "", {"entropy": "entropy"}),
    _Plan("Temperature of the gates", "", {"temperature": "temperature"}),
)
_TRAIN = (
    _Plan("Loss (nats)", "", {"training": "loss"}),
    _Plan("Accuracy", "share", {"training": "accuracy", "validation": "validation_accuracy"}, has_goal=True),
)


def build_search(files: RunFiles) -> Curves | None:
    """The curves of the search; None where nothing is logged."""
    return _curves("search", _SEARCH, files.search, files.manifest.settings.goal_accuracy)


def build_train(files: RunFiles) -> Curves | None:
    """The curves of the final training; None where nothing is logged."""
    return _curves("train", _TRAIN, files.train, files.manifest.settings.goal_accuracy)


def _curves(stage: str, plans: Sequence[_Plan], lines: Lines, goal: float | None) -> Curves | None:
    if not lines:
        return None
    drawn = [_chart(f"{stage}-{index}", plan, lines, goal) for index, plan in enumerate(plans)]
    return Curves(tuple(chart for chart in drawn if chart is not None), _table(plans, lines))


def _chart(key: str, plan: _Plan, lines: Lines, goal: float | None) -> LineChart | None:
    x, x_label = _progress(lines)
    series = [_series(name, field, x, lines) for name, field in plan.fields.items()]
    series = [line for line in series if line.y]
    if not series:
        return None
    caption = " ".join(_in_words(line, plan.unit) for line in series)
    return LineChart(
        key, plan.title, caption, plan.unit, x_label, tuple(series), goal if plan.has_goal else None
    )


def _series(name: str, field: str, x: Sequence[float], lines: Lines) -> Series:
    """The steps that logged `field`; those without it are passed over."""
    values = [getattr(line, field) for line in lines]
    found = [(place, value) for place, value in zip(x, values, strict=True) if value is not None]
    return Series(name, tuple(place for place, _ in found), tuple(value for _, value in found))


def _progress(lines: Lines) -> tuple[list[float], str]:
    """Where each line stands: in epochs as soon as their length is known, before that in steps."""
    ended = [line for line in lines if _ends_epoch(line)]
    if not ended:
        return [float(line.step) for line in lines], "step"
    steps = ended[-1].step / (ended[-1].epoch + 1)
    return [line.step / steps for line in lines], "epoch"


def _ends_epoch(line: SearchLine | TrainLine) -> bool:
    ending = line.temperature if isinstance(line, SearchLine) else line.validation_accuracy
    return ending is not None and line.step > 0


def _in_words(line: Series, unit: Unit) -> str:
    text = _FORMATS[unit]
    name = line.name.capitalize()
    if len(line.y) == 1:
        return f"{name}: {text(line.y[0]).text}."
    return f"{name}: from {text(line.y[0]).text} to {text(line.y[-1]).text}."


def _table(plans: Sequence[_Plan], lines: Lines) -> EpochTable:
    columns = [(plan, name, field) for plan in plans for name, field in plan.fields.items()]
    used = [column for column in columns if any(getattr(line, column[2]) is not None for line in lines)]
    headers = tuple(
        plan.title if len(plan.fields) == 1 else f"{plan.title}, {name}" for plan, name, _ in used
    )
    last: dict[int, Any] = {line.epoch: line for line in lines}
    stride = -(-len(last) // MAX_ROWS)
    kept = [line for index, line in enumerate(last.values()) if index % stride == 0 or index == len(last) - 1]
    rows = [
        (line.epoch + 1, tuple(_cell(line, plan.unit, field) for plan, _, field in used)) for line in kept
    ]
    note = "" if stride == 1 else f"Every {stride}th of {len(last)} epochs, and the last."
    return EpochTable(headers, tuple(rows), note)


def _cell(line: SearchLine | TrainLine, unit: Unit, field: str) -> Number | None:
    value = getattr(line, field)
    return None if value is None else _FORMATS[unit](value)
