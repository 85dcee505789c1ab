"""Charts as plain data: what `figures` draws and what tables repeat for those who do not see drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "s", "J", ""]


@dataclass(frozen=True)
class Series:
    """One line of a chart. `x` and `y` are equally long."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class LineChart:
    """Lines over training progress.

    Attributes:
        key: unique on the page.
        title: heading, and name for screen readers.
        caption: what it shows, in words and numbers.
        unit: of all `y`; a "share" is drawn in percent.
        x_label: what `x` counts.
        series: from one to four lines.
        goal: drawn as a level line, in `unit`.
    """

    key: str
    title: str
    caption: str
    unit: Unit
    x_label: str
    series: tuple[Series, ...]
    goal: float | None = None


@dataclass(frozen=True)
class BarChart:
    """One horizontal bar per label, first label on top; values are 0 or more."""

    key: str
    title: str
    caption: str
    unit: Unit
    labels: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class HeatMap:
    """A matrix of shares, 0 to 1; `values[row][column]`, first row on top."""

    key: str
    title: str
    caption: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


Chart = LineChart | BarChart | HeatMap
