"""The page of an analysis against its file."""

from __future__ import annotations

from pathlib import Path

from tests.report.fake_analysis import content, make_analysis
from tests.report.reading import Document
from wattnas.report import write_report
from wattnas.report.analysis_file import AnalysisFile, read_analysis
from wattnas.report.analysis_page import AnalysisPage, build_analysis_page


def page(found: AnalysisFile | None = None) -> AnalysisPage:
    return build_analysis_page(found or AnalysisFile.model_validate(content()), "study")


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
