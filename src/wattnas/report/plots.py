"""Charts as figures for Plotly: plain dictionaries of its documented schema.

Colours are written as names of CSS variables ("--blue"); the page's script puts in what the theme has for
them, so that one figure serves light and dark. Plotly reads some HTML in the texts that it draws; texts of
users are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import ceil, floor, log10
from typing import Any

from wattnas.report.charts import BarChart, Chart, Dot, HeatMap, LineChart, ScatterChart, Series, Unit
from wattnas.report.palette import MARKS, SERIES
from wattnas.report.text import number

Figure = dict[str, Any]
"""`data`, a list of traces, and `layout`, as Plotly takes them."""

MAX_POINTS = 1500
"""Points drawn of one line; more are thinned evenly, the last one kept."""

_DASHES = ("solid", "dash", "dashdot", "dot")
_ROW, _FRAME = 19, 64  # pixels: one bar or row, and what is around all of them


def plot(chart: Chart) -> Figure:
    """The figure of a chart."""
    if isinstance(chart, LineChart):
        return _lines(chart)
    if isinstance(chart, BarChart):
        return _bars(chart)
    if isinstance(chart, HeatMap):
        return _heat_map(chart)
    return _scatter(chart)


def drawn(text: str) -> str:
    """`text` as Plotly draws it: letter by letter, never as markup."""
    return escape(text, quote=False)


def axis(unit: Unit, name: str = "", **more: Any) -> dict[str, Any]:
    """An axis that prints its unit at every tick."""
    title: dict[str, Any] = {"title": {"text": name}} if name else {}
    if unit == "share":
        return {**title, "tickformat": ".0%", "hoverformat": ".2%", **more}
    suffix = "" if unit in ("", "1") else unit
    if name and suffix:
        title = {"title": {"text": f"{name} ({unit})"}}
    if unit == "":
        return {**title, "tickformat": ".3~g", "hoverformat": ".4~g", **more}
    return {**title, "tickformat": "~s", "hoverformat": ".4~s", "ticksuffix": suffix, **more}


def log_axis(unit: Unit, name: str, values: Iterable[float]) -> dict[str, Any]:
    """A logarithmic axis with ticks at 1, 2 and 5 of each decade; at decades alone where there are many."""
    found = [value for value in values if value > 0] or [1.0]
    first, last = floor(log10(min(found))), ceil(log10(max(found)))
    steps = (1, 2, 5) if last - first < 4 else (1,)
    ticks = [step * 10.0**decade for decade in range(first, last + 1) for step in steps]
    texts = [number(tick, "1" if unit == "" else unit).text for tick in ticks]
    title = {"title": {"text": name}} if name else {}
    return {**title, "type": "log", "tickvals": ticks, "ticktext": texts} | {
        "hoverformat": ".4~s",
        "ticksuffix": "" if unit in ("", "1") else unit,
    }


def _lines(chart: LineChart) -> Figure:
    traces = [_line(series, index) for index, series in enumerate(chart.series)]
    x: dict[str, Any] = {"title": {"text": chart.x_label}, "rangemode": "tozero"}
    y = axis(chart.unit)
    if chart.is_log:
        counts = sorted({value for series in chart.series for value in series.x})
        x = {"title": {"text": chart.x_label}, "type": "log", "tickvals": counts}
        x["ticktext"] = [f"{count:g}" for count in counts]
        y = log_axis(chart.unit, "", (value for series in chart.series for value in series.y))
    layout: dict[str, Any] = {
        "xaxis": x,
        "yaxis": y,
        "hovermode": "closest" if chart.is_log else "x unified",
        "showlegend": len(chart.series) > 1 or chart.goal is not None,
    }
    if len(chart.series) > 4:
        layout["height"] = 340 + 20 * ceil(len(chart.series) / 2)  # the legend takes a line for two
    if chart.goal is not None:
        layout["shapes"] = [_level(chart.goal)]
    return {"data": traces, "layout": layout}


def _line(series: Series, index: int) -> dict[str, Any]:
    stride = -(-len(series.x) // MAX_POINTS)
    kept = [place for place in range(len(series.x)) if place % stride == 0 or place == len(series.x) - 1]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(kept) < 13 else "lines",
        "name": drawn(series.name),
        "x": [round(series.x[place], 4) for place in kept],
        "y": [_six(series.y[place]) for place in kept],
        "line": {"color": f"--{SERIES[index % len(SERIES)]}", "dash": _DASHES[index % 4], "width": 2},
        "marker": {"symbol": MARKS[index % len(MARKS)], "size": 7},
    }


def _six(value: float) -> float:
    """Six significant digits: more than a drawing shows; the tables hold the exact values."""
    return float(f"{value:.6g}")


def _level(goal: float) -> dict[str, Any]:
    line = {"color": "--ink", "dash": "dot", "width": 1.5}
    ends = {"x0": 0, "x1": 1, "xref": "paper", "y0": goal, "y1": goal}
    return {"type": "line", **ends, "line": line, "name": "goal", "showlegend": True}


def _bars(chart: BarChart) -> Figure:
    places = list(range(len(chart.labels)))
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": list(chart.values),
        "y": places,
        "hovertext": [drawn(label) for label in chart.labels],
        "hoverinfo": "text+x",
        "marker": {"color": "--blue"},
    }
    if any(chart.spans):
        trace["error_x"] = _whiskers(chart.values, chart.spans)
    layout = {
        "xaxis": axis(chart.unit, nticks=5, rangemode="tozero"),
        "yaxis": _names(chart.labels),
        "height": _FRAME + _ROW * len(places),
        "bargap": 0.28,
    }
    return {"data": [trace], "layout": layout}


def _whiskers(values: tuple[float, ...], spans: tuple[tuple[float, float] | None, ...]) -> dict[str, Any]:
    both = list(zip(values, spans, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [span[1] - value if span else 0 for value, span in both],
        "arrayminus": [value - span[0] if span else 0 for value, span in both],
        "color": "--ink",
        "thickness": 1,
        "width": 3,
    }


def _names(labels: tuple[str, ...]) -> dict[str, Any]:
    """An axis with one name at each whole number, the first on top."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": [drawn(label) for label in labels],
        "range": [len(labels) - 0.5, -0.5],
        "showgrid": False,
        "automargin": True,
    }


def _heat_map(chart: HeatMap) -> Figure:
    counted = [int(name) for name in chart.columns] if chart.x_label else list(range(len(chart.columns)))
    where = f"{chart.x_label} " if chart.x_label else ""
    trace = {
        "type": "heatmap",
        "z": [list(row) for row in chart.values],
        "x": counted,
        "y": list(range(len(chart.rows))),
        "hovertext": [[drawn(f"{row}, {where}{column}") for column in chart.columns] for row in chart.rows],
        "hoverinfo": "text+z",
        "zhoverformat": ".2%",
        "zmin": 0,
        "zmax": 1,
        "colorscale": "Cividis",
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0, "len": 0.9},
    }
    named = {"tickangle": -90, "tickvals": counted, "ticktext": [drawn(name) for name in chart.columns]}
    x: dict[str, Any] = {"title": {"text": chart.x_label}} if chart.x_label else named
    layout = {
        "xaxis": {**x, "showgrid": False, "automargin": True},
        "yaxis": _names(chart.rows),
        "height": _FRAME + 56 + _ROW * len(chart.rows),
    }
    return {"data": [trace], "layout": layout}


def _scatter(chart: ScatterChart) -> Figure:
    most = max((dot.area or 0 for _, dots in chart.families for dot in dots), default=0)
    traces = [
        _dots(name, dots, index, most, chart) for index, (name, dots) in enumerate(chart.families) if dots
    ]
    x = axis(chart.x_unit, chart.x_name, rangemode="tozero")
    if chart.is_log:
        x = log_axis(chart.x_unit, chart.x_name, (dot.x for _, dots in chart.families for dot in dots))
    layout = {
        "xaxis": x,
        "yaxis": axis(chart.y_unit, chart.y_name),
        "hovermode": "closest",
        "showlegend": True,
        "height": 420,
    }
    return {"data": traces, "layout": layout}


def _dots(name: str, dots: tuple[Dot, ...], index: int, most: float, chart: ScatterChart) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "color": f"--{SERIES[index % len(SERIES)]}",
        "symbol": "circle" if most else MARKS[index % len(MARKS)],
        "line": {"color": "--page", "width": 1},
        "size": [dot.area or 0 for dot in dots] if most else 11,
    }
    if most:
        marker |= {"sizemode": "area", "sizeref": 2 * most / 46**2, "sizemin": 4, "opacity": 0.75}
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": drawn(name),
        "x": [dot.x for dot in dots],
        "y": [dot.y for dot in dots],
        "hovertext": [drawn(dot.name) for dot in dots],
        "hoverinfo": "text+x+y",
        "marker": marker,
    }
    if any(dot.span for dot in dots):
        values = tuple(dot.y for dot in dots)
        trace["error_y"] = _whiskers(values, tuple(dot.span for dot in dots))
    return trace
