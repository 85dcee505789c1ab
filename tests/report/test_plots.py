"""Figures against the charts they come from, and against Plotly's own schema."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from wattnas.report.charts import BarChart, Chart, Dot, HeatMap, LineChart, ScatterChart, Series
from wattnas.report.plots import MAX_POINTS, axis, plot

LINES = LineChart(
    key="one",
    title="Accuracy & <more>",
    caption="",
    unit="share",
    x_label="epoch",
    series=(Series("weights", (1.0, 2.0, 3.0), (0.2, 0.4, 0.6)), Series("theta", (2.0, 3.0), (0.3, 0.5))),
    goal=0.65,
)
BARS = BarChart("two", "Energy", "", "J", ("0 skip", "1 <b>x</b>"), (0.0, 0.5), (None, (0.4, 0.7)))
HEAT = HeatMap("three", "Gates", "", ("0", "1"), ("k3_e1", "skip"), ((0.9, 0.1), (0.25, 0.75)))
TIME = HeatMap("four", "Gates", "", ("0",), tuple(map(str, range(1, 41))), ((0.5,) * 40,), "epoch")
DOTS = ScatterChart(
    *("five", "Top-1", "", "MACs", "1", "top-1", "share"),
    families=(("A", (Dot("a", 1e9, 0.7, 4e6),)), ("B", (Dot("b", 2e9, 0.8, 1e6, (0.7, 0.85)),))),
)
CHARTS = (LINES, BARS, HEAT, TIME, DOTS)


def coloured(value: Any, key: str = "") -> Any:
    """The figure with a colour wherever the page's script puts one."""
    if isinstance(value, dict):
        return {name: coloured(entry, name) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [coloured(entry, key) for entry in value]
    return "#123456" if isinstance(value, str) and key.endswith("color") and value.startswith("--") else value


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_figures_are_of_plotlys_schema(chart: Chart) -> None:
    objects = pytest.importorskip("plotly.graph_objects", reason="needs the Python package plotly")
    objects.Figure(coloured(plot(chart)))  # refuses unknown names and values


def test_lines_are_those_of_the_chart() -> None:
    figure = plot(LINES)
    weights, theta = figure["data"]
    assert (weights["x"], weights["y"]) == ([1, 2, 3], [0.2, 0.4, 0.6])
    assert theta["name"] == "theta" and theta["line"]["color"] != weights["line"]["color"]
    assert figure["layout"]["shapes"][0]["y0"] == 0.65


def test_long_lines_are_thinned_and_end_where_they_end() -> None:
    count = 4 * MAX_POINTS + 2
    chart = LineChart(
        "a", "", "", "", "step", (Series("loss", tuple(map(float, range(count))), (0.5,) * count),)
    )
    (trace,) = plot(chart)["data"]
    assert len(trace["x"]) <= MAX_POINTS + 1 and trace["x"][0] == 0 and trace["x"][-1] == count - 1


def test_bars_keep_their_order_and_their_spans() -> None:
    figure = plot(BARS)
    (trace,) = figure["data"]
    assert trace["x"] == [0.0, 0.5] and trace["y"] == [0, 1]
    assert figure["layout"]["yaxis"]["range"][0] > figure["layout"]["yaxis"]["range"][1]  # first on top
    assert trace["error_x"]["array"] == pytest.approx([0, 0.2])
    assert trace["error_x"]["arrayminus"] == pytest.approx([0, 0.1])


def test_texts_of_users_are_no_markup() -> None:
    figure = plot(BARS)
    assert figure["layout"]["yaxis"]["ticktext"][1] == "1 &lt;b&gt;x&lt;/b&gt;"
    assert "<b>" not in str(figure)


def test_a_heat_map_has_a_column_per_name() -> None:
    (trace,) = plot(HEAT)["data"]
    assert trace["z"] == [[0.9, 0.1], [0.25, 0.75]]
    assert plot(HEAT)["layout"]["xaxis"]["ticktext"] == ["k3_e1", "skip"]
    assert plot(TIME)["data"][0]["x"] == list(range(1, 41))


def test_areas_of_dots_share_one_scale() -> None:
    first, second = plot(DOTS)["data"]
    assert first["marker"]["sizeref"] == second["marker"]["sizeref"]
    assert first["marker"]["sizemode"] == "area" and first["marker"]["size"] == [4e6]
    assert second["error_y"]["arrayminus"] == pytest.approx([0.1])


def test_axes_print_their_unit() -> None:
    assert axis("s", "time")["ticksuffix"] == "s" and axis("share")["tickformat"] == ".0%"
    assert axis("1")["ticksuffix"] == ""


def test_importing_the_report_loads_neither_torch_nor_plotly_nor_jinja() -> None:
    heavy = ("torch", "matplotlib", "plotly", "jinja2", "numpy", "tensorboard")
    code = f"import sys, wattnas.report; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
