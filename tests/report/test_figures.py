"""Drawings: SVG that fits into a page."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from xml.etree import ElementTree

import pytest

from wattnas.report.charts import BarChart, Chart, HeatMap, LineChart, Series
from wattnas.report.figures import draw

LINES = LineChart(
    key="one",
    title="Accuracy & <more>",
    caption="",
    unit="share",
    x_label="epoch",
    series=(Series("weights", (1.0, 2.0, 3.0), (0.2, 0.4, 0.6)), Series("theta", (2.0, 3.0), (0.3, 0.5))),
    goal=0.65,
)
BARS = BarChart("two", "Energy", "", "J", ("0 skip", "1 <b>$x$"), (0.0, 0.5))
HEAT = HeatMap("three", "Gates", "", ("0", "1"), ("k3_e1", "skip"), ((0.9, 0.1), (0.25, 0.75)))
CHARTS = (LINES, BARS, HEAT)


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return {chart.key: draw(chart) for chart in CHARTS}


def parsed(svg: str) -> ElementTree.Element:
    """The drawing as XML; the page's parser needs no namespace, this one does."""
    return ElementTree.fromstring(svg.replace("<svg", '<svg xmlns:xlink="x"', 1))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_a_drawing_is_one_element_with_a_name(chart: Chart, drawn: dict[str, str]) -> None:
    root = parsed(drawn[chart.key])
    assert root.tag == "svg" and root.get("role") == "img" and root.get("aria-label") == chart.title
    assert root.get("viewBox") and root.get("width") is None  # the page sets the width


@pytest.mark.parametrize("key", ["one", "two", "three"])
def test_a_drawing_asks_for_nothing_outside(key: str, drawn: dict[str, str]) -> None:
    assert "http" not in drawn[key] and "<style" not in drawn[key] and "<script" not in drawn[key]
    assert set(re.findall(r'href="(.)', drawn[key])) <= {"#"}


def test_text_is_text(drawn: dict[str, str]) -> None:
    texts = [element.text for element in parsed(drawn["two"]).iter("text")]
    assert "0 skip" in texts and "1 <b>$x$" in texts
    legend = [element.text for element in parsed(drawn["one"]).iter("text")]
    assert {"weights", "theta", "goal", "epoch"} <= set(legend)


def test_colours_follow_the_theme(drawn: dict[str, str]) -> None:
    for svg in drawn.values():
        assert "var(--ink, #1b1f24)" in svg
    assert "var(--blue, #0072b2)" in drawn["one"] and "var(--vermilion, #d55e00)" in drawn["one"]
    assert not re.findall(r"(?<!, )#(?:000000|ffffff)", drawn["one"])  # neither page would show both


def test_ids_differ_between_drawings(drawn: dict[str, str]) -> None:
    ids = [found for svg in drawn.values() for found in re.findall(r' id="([^"]*)"', svg)]
    assert ids and len(ids) == len(set(ids))


def test_the_same_chart_gives_the_same_text(drawn: dict[str, str]) -> None:
    assert draw(LINES) == drawn["one"]


def test_values_are_drawn_to_scale(drawn: dict[str, str]) -> None:
    path = re.search(r'd="([^"]*)"[^>]*stroke: var\(--blue', drawn["one"])
    assert path is not None
    points = [tuple(map(float, pair)) for pair in re.findall(r"[ML] (\S+) (\S+)", path[1])]
    (x0, y0), *_, (x1, y1) = points
    assert x1 > x0 and y1 < y0  # accuracy rises, and the page's y axis points down
    if len(points) == 3:
        assert points[1][1] == pytest.approx((y0 + y1) / 2, abs=0.01)


@pytest.mark.parametrize(
    "chart",
    [
        LineChart("a", "One point", "", "s", "step", (Series("latency", (5.0,), (0.001,)),)),
        LineChart("b", "Level", "", "", "epoch", (Series("loss", (1.0, 2.0), (0.0, 0.0)),)),
        BarChart("c", "Nothing", "", "s", ("0 skip",), (0.0,)),
        BarChart("d", "名前", "", "J", ("0 名前",), (1e-9,)),
        HeatMap("e", "One", "", ("0",), ("skip",), ((1.0,),)),
    ],
    ids=lambda chart: chart.title,
)
def test_odd_charts_are_drawn_without_a_word(chart: Chart) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parsed(draw(chart)).tag == "svg"


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw(BARS)
    assert dict(matplotlib.rcParams) == before


def test_importing_the_report_loads_neither_torch_nor_matplotlib_nor_jinja() -> None:
    heavy = ("torch", "matplotlib", "jinja2", "numpy")
    code = f"import sys, wattnas.report; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
