"""The page of an analysis as plain data: networks on the axes of Canziani et al., and their claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from wattnas.report.analysis_charts import build_charts, one
from wattnas.report.analysis_file import AnalysisFile, Failure, Finding, NetworkRow
from wattnas.report.charts import Chart
from wattnas.report.page import figures
from wattnas.report.render import BASIC
from wattnas.report.text import Cell, Rows, cell, counted, number, pairs, share
from wattnas.units import Quantity

HEADERS = (
    *("Parameters", "MACs", "Bytes moved", "Activations", "Peak memory", "Time"),
    *("Time per image, largest batch", "Energy", "Power", "Top-1"),
)


@dataclass(frozen=True)
class Row:
    """One network of the table; cells in the order of `HEADERS`."""

    name: str
    family: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisPage:
    """One analysis, ready to be rendered."""

    template: ClassVar[str] = "analysis.html.j2"
    scripts: ClassVar[tuple[str, ...]] = ("page.js",)
    plotly: ClassVar[str] = BASIC
    headers: ClassVar[tuple[str, ...]] = HEADERS

    title: str
    summary: tuple[str, ...]
    charts: tuple[Chart, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    rules: tuple[tuple[str, str], ...]
    facts: Rows

    def data(self) -> dict[str, Any]:
        """What the page's scripts work with."""
        return {"charts": figures(self.charts)}


def build_analysis_page(found: AnalysisFile, title: str) -> AnalysisPage:
    """The page of an analysis."""
    facts = [("Date", found.date), *pairs({"machine": found.machine, "options": found.options})]
    return AnalysisPage(
        title=title,
        summary=_summary(found),
        charts=build_charts(found.rows),
        rows=tuple(_row(row) for row in found.rows),
        findings=found.findings,
        failures=found.failures,
        rules=_rules(found.rows),
        facts=(*(fact for fact in facts if fact[1]), *pairs({"versions": found.versions})),
    )


def _summary(found: AnalysisFile) -> tuple[str, ...]:
    lines = [f"{counted(len(found.rows), 'network')} analysed on {found.machine.get('cpu', 'one machine')}."]
    rated = [row for row in found.rows if row.top1 is not None]
    if rated:
        best = max(rated, key=lambda row: row.top1.value if row.top1 else 0)
        assert best.top1 is not None
        lines.append(f"Most accurate: {best.title} with {share(best.top1.value).text} ({best.top1.origin}).")
    timed = [(row, found_) for row in found.rows if (found_ := one(row.latency)) is not None]
    if timed:
        row, least = min(timed, key=lambda pair: pair[1].value)
        lines.append(f"Fastest: {row.title} with {number(least.value, 's').text} ({least.origin}).")
    if found.failures:
        lines.append(f"{counted(len(found.failures), 'network')} could not be analysed; see below.")
    return tuple(lines)


def _row(row: NetworkRow) -> Row:
    last = row.latency[max(row.latency)] if row.latency else None
    each = None if last is None else last.model_copy(update=_shared(last, max(row.latency)))
    quantities = (row.size, row.macs, row.bytes_moved, one(row.activation_peak), one(row.process_peak))
    cells = [cell(found) for found in (*quantities, one(row.latency), each, one(row.energy), one(row.power))]
    return Row(row.title, row.family, (*cells, cell(row.top1, share)), row.notes)


def _shared(quantity: Quantity, batch: int) -> dict[str, float | None]:
    """A value of a whole batch, by image."""
    ends = {"value": quantity.value, "low": quantity.low, "high": quantity.high}
    return {name: None if end is None else end / batch for name, end in ends.items()}


def _rules(rows: tuple[NetworkRow, ...]) -> tuple[tuple[str, str], ...]:
    """How each number came about, once each."""
    found: dict[tuple[str, str], None] = {}
    for row in rows:
        named = zip(HEADERS, _sources(row), strict=True)
        for name, quantity in named:
            if quantity is not None and name != "Time per image, largest batch":
                found[(name, f"{quantity.origin}: {quantity.source}")] = None
    return tuple(sorted(found, key=lambda pair: HEADERS.index(pair[0])))


def _sources(row: NetworkRow) -> tuple[Quantity | None, ...]:
    counts = (row.size, row.macs, row.bytes_moved, one(row.activation_peak), one(row.process_peak))
    return (*counts, one(row.latency), None, one(row.energy), one(row.power), row.top1)
