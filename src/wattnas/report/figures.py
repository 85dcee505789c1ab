"""Charts drawn with Matplotlib, as SVG for the inside of an HTML page.

Text stays text. Colours become CSS variables, so that one drawing serves light and dark.
"""

from __future__ import annotations

import re
import warnings
from io import StringIO
from typing import TYPE_CHECKING, Any

from wattnas.report.charts import BarChart, Chart, HeatMap, LineChart, Unit
from wattnas.report.palette import SERIES, THEME

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _ROW = 3.9, 2.6, 0.2  # inches: drawn at the width of a telephone
_DASHES = ("-", "--", "-.", ":")
_BANDS = 10
_LIGHT = {name: light for name, (light, _) in THEME.items()}
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": _LIGHT["muted"],
    "axes.labelcolor": _LIGHT["ink"],
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "grid.color": _LIGHT["grid"],
    "legend.frameon": False,
    "legend.labelcolor": _LIGHT["ink"],
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "text.color": _LIGHT["ink"],
    "text.parse_math": False,
    "xtick.color": _LIGHT["muted"],
    "xtick.labelcolor": _LIGHT["ink"],
    "ytick.color": _LIGHT["muted"],
    "ytick.labelcolor": _LIGHT["ink"],
}
_HEX = {light: f"var(--{name}, {light})" for name, light in _LIGHT.items()}
_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def draw(chart: Chart) -> str:
    """The `<svg>` element of a chart; the same chart gives the same text, and ids differ between charts."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": chart.key}), warnings.catch_warnings():
        # A name in a script that Matplotlib's font lacks is drawn by the browser, which has others.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        _fill(chart, figure)
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata=_METADATA)
    return _for_html(text.getvalue(), chart.title)


def _for_html(document: str, title: str) -> str:
    """The drawing as a part of an HTML page: no prologue, no idle ids, CSS variables as colours."""
    from markupsafe import escape

    body = document[document.index("<svg") :]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r'(<\w+) id="([^"]*)"', lambda found: found[0] if found[2] in used else found[1], body)
    body = re.sub("|".join(_HEX), lambda found: _HEX[found[0]], body)
    view = re.search(r'viewBox="[^"]*"', body)
    assert view is not None
    opening = f'<svg {view[0]} role="img" aria-label="{escape(title)}">'
    return re.sub(r"<svg[^>]*>", lambda _: opening, body, count=1)


def _fill(chart: Chart, figure: Figure) -> None:
    if isinstance(chart, LineChart):
        _lines(chart, figure)
    elif isinstance(chart, BarChart):
        _bars(chart, figure)
    else:
        _heat_map(chart, figure)


def _lines(chart: LineChart, figure: Figure) -> None:
    axes = figure.add_subplot()
    for series, colour, dash in zip(chart.series, SERIES, _DASHES, strict=False):
        marker = "o" if len(series.x) == 1 else None
        axes.plot(series.x, series.y, dash, color=_LIGHT[colour], marker=marker, label=series.name)
    if chart.goal is not None:
        axes.axhline(chart.goal, color=_LIGHT["ink"], linestyle=(0, (1, 2)), linewidth=1.2, label="goal")
    axes.grid(axis="y", linewidth=0.6)
    axes.set_xlabel(chart.x_label)
    axes.set_xlim(left=0)
    _unit(axes.yaxis, chart.unit)
    if len(chart.series) > 1 or chart.goal is not None:
        figure.legend(loc="outside upper left", ncols=3, fontsize=9, handlelength=2.2, columnspacing=1.2)


def _bars(chart: BarChart, figure: Figure) -> None:
    figure.set_figheight(0.7 + _ROW * len(chart.labels))
    axes = figure.add_subplot()
    places = range(len(chart.labels))
    axes.barh(places, chart.values, height=0.72, color=_LIGHT["blue"])
    axes.set_yticks(places, chart.labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(chart.labels) - 0.4, -0.6)
    axes.grid(axis="x", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=4)
    _unit(axes.xaxis, chart.unit)


def _heat_map(chart: HeatMap, figure: Figure) -> None:
    import matplotlib

    figure.set_figheight(1.3 + _ROW * len(chart.rows))
    axes = figure.add_subplot()
    shades = matplotlib.colormaps["cividis"].resampled(_BANDS)
    mesh = axes.pcolormesh(chart.values, cmap=shades, vmin=0, vmax=1)
    axes.set_xticks([column + 0.5 for column in range(len(chart.columns))], chart.columns, rotation=90)
    axes.set_yticks([row + 0.5 for row in range(len(chart.rows))], chart.rows)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    _mark_largest(axes, chart)
    bar = figure.colorbar(mesh, ax=axes, location="top", fraction=0.03, aspect=40, pad=0.01)
    _unit(bar.ax.xaxis, "share")


def _mark_largest(axes: Axes, chart: HeatMap) -> None:
    for row, values in enumerate(chart.values):
        largest = max(values)
        colour = "black" if largest > 0.5 else "white"
        axes.plot(values.index(largest) + 0.5, row + 0.5, "o", color=colour, markersize=3.5)


def _unit(axis: Axis, unit: Unit) -> None:
    from matplotlib.ticker import EngFormatter, PercentFormatter

    if unit == "share":
        axis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))
    elif unit:
        axis.set_major_formatter(EngFormatter(unit=unit))
