"""Charts of an analysis against its file."""

from __future__ import annotations

from tests.report.fake_analysis import NETWORKS, content
from wattnas.report.analysis_charts import build_charts
from wattnas.report.analysis_file import AnalysisFile
from wattnas.report.charts import BarChart, LineChart, ScatterChart

ROWS = AnalysisFile.model_validate(content()).rows


def test_networks_are_sorted_by_accuracy() -> None:
    chart = build_charts(ROWS)[0]
    assert isinstance(chart, BarChart)
    assert chart.labels == ("ResNet-50", "ResNet-18", "AlexNet") and chart.values == (0.7613, 0.6976, 0.5652)
    assert chart.caption == "0 measured on the data given, 3 as published."


def test_top1_stands_against_every_cost() -> None:
    charts = {chart.key: chart for chart in build_charts(ROWS)}
    assert set(charts) == {
        *("top1", "top1-macs", "top1-time", "top1-energy", "top1-memory"),
        *("time-macs", "time-batch", "power-batch", "memory-batch"),
    }
    operations = charts["top1-macs"]
    assert isinstance(operations, ScatterChart)
    dots = [dot for _, family in operations.families for dot in family]
    assert [(dot.name, dot.x, dot.y, dot.area) for dot in dots] == [
        (title, macs, top1, params) for _, title, _, params, macs, _, top1 in NETWORKS if top1 is not None
    ]
    assert [family for family, _ in operations.families] == ["AlexNet", "ResNet"]


def test_time_against_batch_is_per_image() -> None:
    chart = next(chart for chart in build_charts(ROWS) if chart.key == "time-batch")
    assert isinstance(chart, LineChart)
    assert chart.series[0].x == (1, 4) and chart.series[0].y == (0.014, 3 * 0.014 / 4)


def test_captions_say_where_the_numbers_are_from() -> None:
    captions = {chart.key: chart.caption for chart in build_charts(ROWS)}
    assert captions["top1-energy"] == "3 networks in 2 families. Energy of one image: modelled."
    assert captions["power-batch"] == "4 networks. Power: modelled."
    assert "Time: measured." in captions["time-macs"]


def test_nothing_measured_gives_no_charts() -> None:
    assert build_charts(()) == ()
