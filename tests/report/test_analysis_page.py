"""The page of an analysis against its file."""

from __future__ import annotations

from pathlib import Path

from tests.report.fake_analysis import NETWORKS, content, make_analysis
from tests.report.reading import Document
from wattnas.report import write_report
from wattnas.report.analysis_file import AnalysisFile, read_analysis
from wattnas.report.analysis_page import AnalysisPage, build_analysis_page
from wattnas.report.charts import BarChart, LineChart, ScatterChart


def page(found: AnalysisFile | None = None) -> AnalysisPage:
    return build_analysis_page(found or AnalysisFile.model_validate(content()), "study")


def test_networks_are_sorted_by_accuracy() -> None:
    chart = page().charts[0]
    assert isinstance(chart, BarChart)
    assert chart.labels == ("ResNet-50", "ResNet-18", "AlexNet") and chart.values == (0.7613, 0.6976, 0.5652)
    assert chart.caption == "0 measured on the data given, 3 as published."


def test_top1_stands_against_every_cost() -> None:
    charts = {chart.key: chart for chart in page().charts}
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
    chart = next(chart for chart in page().charts if chart.key == "time-batch")
    assert isinstance(chart, LineChart)
    assert chart.series[0].x == (1, 4) and chart.series[0].y == (0.014, 3 * 0.014 / 4)


def test_the_page_holds_findings_failures_and_numbers(tmp_path: Path) -> None:
    found = Document(write_report(make_analysis(tmp_path)).read_text(encoding="utf-8"))
    assert found.unclosed == []
    assert "Holds in part (4 networks). r = 0.982." in found.text("findings")
    assert "nosuch : There is no network 'nosuch'. List them." in found.text("answer")
    row = found.row("networks", "ResNet-50")
    assert row[2].startswith("25.56 M") and row[-2].startswith("76.13 %") and "literature" in row[-2]
    assert "<script>alert(1)</script>" in found.text("networks")


def test_nothing_but_failures_gives_a_page() -> None:
    empty = page(AnalysisFile.model_validate(content(()) | {"findings": []}))
    assert empty.charts == () and "0 networks analysed" in empty.summary[0]


def test_values_in_the_table_are_those_of_the_file(tmp_path: Path) -> None:
    rows = build_analysis_page(read_analysis(make_analysis(tmp_path)), "x").rows
    assert [cell.number.value for cell in rows[1].cells if cell.number] == [
        *(11_689_512, 1_814_073_344, 4.0 * 11_689_512, 3e6, 6e7 + 4 * 11_689_512),
        *(0.031, 3 * 0.031 / 4, 0.31, 10, 0.6976),
    ]
