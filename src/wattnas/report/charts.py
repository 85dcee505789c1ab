"""Charts as plain data: what `plots` hands to Plotly, and tables repeat for those who see no drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "s", "J", "W", "B", "1", ""]


@dataclass(frozen=True)
class Series:
    """One line of a chart. `x` and `y` are equally long."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class LineChart:
    """Lines over training progress, or over anything else that is counted.

    Attributes:
        key: unique on the page.
        title: heading, and name for screen readers.
        caption: what it shows, in words and numbers.
        unit: of all `y`; a "share" is drawn in percent.
        x_label: what `x` counts.
        series: the lines.
        goal: drawn as a level line, in `unit`.
        is_log: whether both axes are logarithmic.
    """

    key: str
    title: str
    caption: str
    unit: Unit
    x_label: str
    series: tuple[Series, ...]
    goal: float | None = None
    is_log: bool = False


@dataclass(frozen=True)
class BarChart:
    """One horizontal bar per label, first label on top; values are 0 or more.

    Attributes:
        spans: (low, high) of each bar, where known; empty for none.
    """

    key: str
    title: str
    caption: str
    unit: Unit
    labels: tuple[str, ...]
    values: tuple[float, ...]
    spans: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class HeatMap:
    """A matrix of shares, 0 to 1; `values[row][column]`, first row on top.

    Attributes:
        x_label: what the columns count; empty where they have names.
    """

    key: str
    title: str
    caption: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    x_label: str = ""


@dataclass(frozen=True)
class Dot:
    """One network in a scatter chart.

    Attributes:
        area: what the dot's area stands for; None draws all alike.
        span: interval of `y`, where known.
    """

    name: str
    x: float
    y: float
    area: float | None = None
    span: tuple[float, float] | None = None


@dataclass(frozen=True)
class ScatterChart:
    """Networks as dots, one colour and mark per family.

    Attributes:
        x_name, y_name: what the axes show, without the unit.
        x_unit, y_unit: their units.
        families: (name, dots), in the order of the legend.
        is_log: whether x is logarithmic.
    """

    key: str
    title: str
    caption: str
    x_name: str
    x_unit: Unit
    y_name: str
    y_unit: Unit
    families: tuple[tuple[str, tuple[Dot, ...]], ...]
    is_log: bool = True


Chart = LineChart | BarChart | HeatMap | ScatterChart
