"""The page of an analysis as plain data: networks on the axes of Canziani et al., and their claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from wattnas.report.analysis_file import AnalysisFile, ByBatch, Failure, Finding, NetworkRow
from wattnas.report.charts import BarChart, Chart, Dot, LineChart, ScatterChart, Series, Unit
from wattnas.report.page import figures
from wattnas.report.text import Cell, Rows, cell, counted, number, pairs, share
from wattnas.units import Quantity

HEADERS = (
    *("Parameters", "MACs", "Bytes moved", "Activations", "Peak memory", "Time"),
    *("Time per image, largest batch", "Energy", "Power", "Top-1"),
)

Get = Callable[[NetworkRow], Quantity | None]


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
        charts=_charts(found.rows),
        rows=tuple(_row(row) for row in found.rows),
        findings=found.findings,
        failures=found.failures,
        rules=_rules(found.rows),
        facts=(*(fact for fact in facts if fact[1]), *pairs({"versions": found.versions})),
    )


def _one(by_batch: ByBatch) -> Quantity | None:
    """The value of one image a call, else of the smallest batch there is."""
    return by_batch[min(by_batch)] if by_batch else None


def _time(row: NetworkRow) -> Quantity | None:
    return _one(row.latency)


def _energy(row: NetworkRow) -> Quantity | None:
    return _one(row.energy)


def _memory(row: NetworkRow) -> Quantity | None:
    return _one(row.process_peak) or _one(row.activation_peak)


def _summary(found: AnalysisFile) -> tuple[str, ...]:
    lines = [f"{counted(len(found.rows), 'network')} analysed on {found.machine.get('cpu', 'one machine')}."]
    rated = [row for row in found.rows if row.top1 is not None]
    if rated:
        best = max(rated, key=lambda row: row.top1.value if row.top1 else 0)
        assert best.top1 is not None
        lines.append(f"Most accurate: {best.title} with {share(best.top1.value).text} ({best.top1.origin}).")
    timed = [(row, found_) for row in found.rows if (found_ := _one(row.latency)) is not None]
    if timed:
        row, least = min(timed, key=lambda pair: pair[1].value)
        lines.append(f"Fastest: {row.title} with {number(least.value, 's').text} ({least.origin}).")
    if found.failures:
        lines.append(f"{counted(len(found.failures), 'network')} could not be analysed; see below.")
    return tuple(lines)


def _row(row: NetworkRow) -> Row:
    last = row.latency[max(row.latency)] if row.latency else None
    each = None if last is None else last.model_copy(update=_shared(last, max(row.latency)))
    quantities = (row.size, row.macs, row.bytes_moved, _one(row.activation_peak), _one(row.process_peak))
    cells = [
        cell(found) for found in (*quantities, _one(row.latency), each, _one(row.energy), _one(row.power))
    ]
    return Row(row.title, row.family, (*cells, cell(row.top1, share)), row.notes)


def _shared(quantity: Quantity, batch: int) -> dict[str, float | None]:
    """A value of a whole batch, by image."""
    ends = {"value": quantity.value, "low": quantity.low, "high": quantity.high}
    return {name: None if end is None else end / batch for name, end in ends.items()}


def _charts(rows: tuple[NetworkRow, ...]) -> tuple[Chart, ...]:
    accuracy: list[Chart | None] = [
        _top1(rows),
        _against("top1-macs", rows, "operations", "MACs", "1", lambda row: row.macs, area=True),
        _against("top1-time", rows, "inference time", "time for one image", "s", _time),
        _against("top1-energy", rows, "energy", "energy of one image", "J", _energy),
        _against("top1-memory", rows, "memory", "peak memory", "B", _memory),
    ]
    costs: list[Chart | None] = [
        _time_by_operations(rows),
        _by_batch(
            "time-batch", "Time per image against batch size", "s", rows, lambda row: row.latency, True
        ),
        _by_batch("power-batch", "Power against batch size", "W", rows, lambda row: row.power, False),
        _by_batch(
            "memory-batch", "Peak memory against batch size", "B", rows, lambda row: row.process_peak, False
        ),
    ]
    return tuple(chart for chart in (*accuracy, *costs) if chart is not None)


def _top1(rows: tuple[NetworkRow, ...]) -> Chart | None:
    rated = [(row, row.top1) for row in rows if row.top1 is not None]
    if not rated:
        return None
    rated.sort(key=lambda pair: -pair[1].value)
    spans = tuple(
        (top.low, top.high) if top.low is not None and top.high is not None else None for _, top in rated
    )
    measured = sum(top.origin != "literature" for _, top in rated)
    caption = f"{measured} measured on the data given, {len(rated) - measured} as published."
    values = tuple(top.value for _, top in rated)
    return BarChart(
        "top1", "Top-1 accuracy", caption, "share", tuple(row.title for row, _ in rated), values, spans
    )


def _against(
    key: str,
    rows: tuple[NetworkRow, ...],
    what: str,
    x_name: str,
    unit: Unit,
    get: Get,
    *,
    area: bool = False,
) -> Chart | None:
    dots: dict[str, list[Dot]] = {}
    for row in rows:
        x, y = get(row), row.top1
        if x is None or y is None or x.value <= 0:
            continue
        span = (y.low, y.high) if y.low is not None and y.high is not None else None
        size = row.size.value if area and row.size is not None else None
        dots.setdefault(row.family, []).append(Dot(row.title, x.value, y.value, size, span))
    if not dots:
        return None
    title = f"Top-1 against {what}"
    caption = (
        f"{counted(sum(map(len, dots.values())), 'network')} in {counted(len(dots), 'family', 'families')}."
    )
    caption += " The area of a dot: parameters." if area else ""
    families = tuple((family, tuple(found)) for family, found in dots.items())
    return ScatterChart(key, title, caption, x_name, unit, "top-1", "share", families)


def _time_by_operations(rows: tuple[NetworkRow, ...]) -> Chart | None:
    dots: dict[str, list[Dot]] = {}
    for row in rows:
        time = _one(row.latency)
        if time is not None and row.macs.value > 0:
            span = (time.low, time.high) if time.low is not None and time.high is not None else None
            dots.setdefault(row.family, []).append(Dot(row.title, row.macs.value, time.value, None, span))
    if not dots:
        return None
    families = tuple((family, tuple(found)) for family, found in dots.items())
    caption = "If operations predicted the time, the dots would lie on a line."
    return ScatterChart(
        "time-macs", "Time against operations", caption, "MACs", "1", "time", "s", families, False
    )


def _by_batch(
    key: str,
    title: str,
    unit: Unit,
    rows: tuple[NetworkRow, ...],
    get: Callable[[NetworkRow], ByBatch],
    each: bool,
) -> Chart | None:
    lines = [(row.title, get(row)) for row in rows if len(get(row)) > 1]
    if not lines:
        return None
    series = tuple(
        Series(
            name,
            tuple(float(batch) for batch in sorted(found)),
            tuple(found[batch].value / (batch if each else 1) for batch in sorted(found)),
        )
        for name, found in lines
    )
    return LineChart(
        key, title, f"{counted(len(series), 'network')}.", unit, "images per call", series, is_log=True
    )


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
    counts = (row.size, row.macs, row.bytes_moved, _one(row.activation_peak), _one(row.process_peak))
    return (*counts, _one(row.latency), None, _one(row.energy), _one(row.power), row.top1)
