"""Charts of an analysis: accuracy against every cost, and costs against the batch size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wattnas.report.analysis_file import ByBatch, NetworkRow
from wattnas.report.charts import BarChart, Chart, Dot, LineChart, ScatterChart, Series, Unit
from wattnas.report.text import counted
from wattnas.units import Quantity

Rows = Sequence[NetworkRow]
Get = Callable[[NetworkRow], Quantity | None]


def build_charts(rows: Rows) -> tuple[Chart, ...]:
    """All that there are numbers for."""
    found = (
        _top1(rows),
        _top1_against("top1-macs", rows, "operations", "MACs", "1", lambda row: row.macs, area=True),
        _top1_against("top1-time", rows, "inference time", "time for one image", "s", _time),
        _top1_against("top1-energy", rows, "energy", "energy of one image", "J", _energy),
        _top1_against("top1-memory", rows, "memory", "peak memory", "B", _memory),
        _time_by_operations(rows),
        _by_batch("time-batch", "Time per image", "s", rows, lambda row: row.latency, by_image=True),
        _by_batch("power-batch", "Power", "W", rows, lambda row: row.power),
        _by_batch("memory-batch", "Peak memory", "B", rows, lambda row: row.process_peak),
    )
    return tuple(chart for chart in found if chart is not None)


def one(by_batch: ByBatch) -> Quantity | None:
    """The value of one image a call, else of the smallest batch there is."""
    return by_batch[min(by_batch)] if by_batch else None


def _time(row: NetworkRow) -> Quantity | None:
    return one(row.latency)


def _energy(row: NetworkRow) -> Quantity | None:
    return one(row.energy)


def _memory(row: NetworkRow) -> Quantity | None:
    return one(row.process_peak) or one(row.activation_peak)


def _span(quantity: Quantity) -> tuple[float, float] | None:
    if quantity.low is None or quantity.high is None:
        return None
    return quantity.low, quantity.high


def _origins(name: str, quantities: Iterable[Quantity]) -> str:
    """ "Energy of one image: modelled." """
    origins = sorted({quantity.origin for quantity in quantities})
    return f"{name[0].upper()}{name[1:]}: {' and '.join(origins)}."


def _top1(rows: Rows) -> Chart | None:
    rated = sorted(((row, row.top1) for row in rows if row.top1 is not None), key=lambda pair: -pair[1].value)
    if not rated:
        return None
    measured = sum(top.origin != "literature" for _, top in rated)
    caption = f"{measured} measured on the data given, {len(rated) - measured} as published."
    labels, values = tuple(row.title for row, _ in rated), tuple(top.value for _, top in rated)
    spans = tuple(_span(top) for _, top in rated)
    return BarChart("top1", "Top-1 accuracy", caption, "share", labels, values, spans)


def _families(
    found: Sequence[tuple[NetworkRow, Quantity, Quantity]], *, area: bool = False
) -> tuple[tuple[str, tuple[Dot, ...]], ...]:
    """Dots by family, in the order of the rows."""
    dots: dict[str, list[Dot]] = {}
    for row, x, y in found:
        size = row.size.value if area and row.size is not None else None
        dots.setdefault(row.family, []).append(Dot(row.title, x.value, y.value, size, _span(y)))
    return tuple((family, tuple(members)) for family, members in dots.items())


def _top1_against(
    key: str, rows: Rows, what: str, x_name: str, unit: Unit, get: Get, *, area: bool = False
) -> Chart | None:
    pairs = [(row, get(row), row.top1) for row in rows]
    found = [(row, x, y) for row, x, y in pairs if x is not None and x.value > 0 and y is not None]
    if not found:
        return None
    families = _families(found, area=area)
    caption = f"{counted(len(found), 'network')} in {counted(len(families), 'family', 'families')}. "
    caption += _origins(x_name, (x for _, x, _ in found))
    caption += " The area of a dot: parameters." if area else ""
    return ScatterChart(key, f"Top-1 against {what}", caption, x_name, unit, "top-1", "share", families)


def _time_by_operations(rows: Rows) -> Chart | None:
    found = [(row, row.macs, time) for row in rows if (time := one(row.latency)) and row.macs.value > 0]
    if not found:
        return None
    origins = _origins("time", (time for *_, time in found))
    caption = f"If operations predicted the time, the dots would lie on a line. {origins}"
    names: tuple[str, Unit, str, Unit] = ("MACs", "1", "time", "s")
    return ScatterChart("time-macs", "Time against operations", caption, *names, _families(found), False)


def _by_batch(
    key: str,
    what: str,
    unit: Unit,
    rows: Rows,
    get: Callable[[NetworkRow], ByBatch],
    *,
    by_image: bool = False,
) -> Chart | None:
    lines = [(row.title, get(row)) for row in rows if len(get(row)) > 1]
    if not lines:
        return None
    series = tuple(
        Series(
            name,
            tuple(float(batch) for batch in sorted(found)),
            tuple(found[batch].value / (batch if by_image else 1) for batch in sorted(found)),
        )
        for name, found in lines
    )
    origins = _origins(what, (quantity for _, found in lines for quantity in found.values()))
    caption = f"{counted(len(series), 'network')}. {origins}"
    title = f"{what} against batch size"
    return LineChart(key, title, caption, unit, "images per call", series, is_log=True)
