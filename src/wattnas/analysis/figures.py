"""The figures of Canziani et al., drawn from rows, as PNG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wattnas.analysis.colours import look
from wattnas.analysis.drawing import legend, log_axis, name_points, page, save
from wattnas.analysis.pareto import pareto_front
from wattnas.analysis.row import Row
from wattnas.units import Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LARGEST = 1600.0  # area of the largest blob, in square points


class Axis(NamedTuple):
    """A cost that accuracy is drawn against.

    Attributes:
        key: name of the file.
        label: of the axis, with its unit.
        value: of a row, in SI units; None where the row lacks it.
        scale: SI units times this are drawn.
    """

    key: str
    label: str
    value: Callable[[Row], Quantity | None]
    scale: float


def _at_one(values: dict[int, Quantity]) -> Quantity | None:
    return values.get(1)


AXES = (
    Axis("operations", "multiply-adds for one image [millions]", lambda row: row.macs, 1e-6),
    Axis("time", "inference time, batch 1 [ms]", lambda row: _at_one(row.latency), 1e3),
    Axis("energy", "energy for one image [mJ]", lambda row: _at_one(row.energy), 1e3),
    Axis("memory", "peak memory of the process, batch 1 [MB]", lambda row: _at_one(row.process_peak), 1e-6),
)


def draw_all(rows: Sequence[Row], folder: Path) -> list[str]:
    """Draw every figure that the rows have numbers for; returns the names of the files written."""
    drawn = []
    for name, draw in _figures(rows):
        with page() as figure:
            if draw(figure):
                save(figure, folder / name)
                drawn.append(name)
    return drawn


def _figures(rows: Sequence[Row]) -> Iterator[tuple[str, Callable[[Figure], bool]]]:
    yield "top1.png", lambda figure: _bars(figure, rows)
    for axis in AXES:
        yield f"top1-{axis.key}.png", lambda figure, axis=axis: _blobs(figure, rows, axis)  # type: ignore[misc]
    yield "time-operations.png", lambda figure: _time_against_operations(figure, rows)
    yield "time-batch.png", lambda figure: _time_against_batch(figure, rows)
    yield "memory-batch.png", lambda figure: _memory_against_batch(figure, rows)


def _bars(figure: Figure, rows: Sequence[Row]) -> bool:
    """Top-1 per network, best last."""
    shown = sorted((row for row in rows if row.top1 is not None), key=lambda row: _top1(row))
    if not shown:
        return False
    axes = figure.add_subplot()
    for place, row in enumerate(shown):
        axes.bar(place, 100 * _top1(row), color=look(row.family).colour, edgecolor="#1b1f24", linewidth=0.5)
    axes.set_xticks(range(len(shown)), [row.title for row in shown], rotation=60, ha="right", fontsize=8)
    lowest = 100 * _top1(shown[0])
    axes.set_ylim(max(0.0, lowest - 8), 100 * _top1(shown[-1]) + 3)
    axes.set_ylabel(_accuracy_label(shown))
    axes.grid(axis="y", linewidth=0.6)
    legend(figure, shown)
    return True


def _blobs(figure: Figure, rows: Sequence[Row], axis: Axis) -> bool:
    """Top-1 against a cost; the area of a blob is its number of parameters, a line joins the front."""
    shown = [row for row in rows if row.top1 is not None and axis.value(row) is not None]
    if not shown:
        return False
    axes = figure.add_subplot()
    costs = [_value(axis, row) for row in shown]
    largest = max(row.size for row in shown)
    for row, cost in sorted(zip(shown, costs, strict=True), key=lambda pair: -pair[0].size):
        colour = look(row.family).colour
        area = max(6.0, _LARGEST * row.size / largest)
        axes.scatter(cost, 100 * _top1(row), s=area, color=colour, alpha=0.45, linewidths=0)
        axes.plot(
            cost,
            100 * _top1(row),
            look(row.family).marker,
            color=colour,
            markersize=5,
            mec="#1b1f24",
            mew=0.5,
        )
    front = pareto_front(costs, [_top1(row) for row in shown])
    axes.plot([costs[i] for i in front], [100 * _top1(shown[i]) for i in front], ":", color="#59636e", lw=1.2)
    log_axis(axes.xaxis, costs)
    axes.set_xlabel(axis.label + _origin(axis, shown))
    axes.set_ylabel(_accuracy_label(shown))
    axes.grid(linewidth=0.6)
    legend(figure, shown, f"area: parameters, largest {largest / 1e6:.3g} M; dotted: no network beats these")
    name_points(axes, shown, costs, [100 * _top1(row) for row in shown])
    return True


def _time_against_operations(figure: Figure, rows: Sequence[Row]) -> bool:
    shown = [row for row in rows if 1 in row.latency]
    if not shown:
        return False
    axes = figure.add_subplot()
    x, y = [row.macs.value / 1e6 for row in shown], [row.latency[1].value * 1e3 for row in shown]
    for row, macs, ms in zip(shown, x, y, strict=True):
        style = look(row.family)
        axes.plot(macs, ms, style.marker, color=style.colour, markersize=7, mec="#1b1f24", mew=0.5)
    log_axis(axes.xaxis, x)
    log_axis(axes.yaxis, y)
    axes.set_xlabel("multiply-adds for one image [millions]")
    axes.set_ylabel("inference time, batch 1 [ms]")
    axes.grid(linewidth=0.6)
    legend(figure, shown)
    name_points(axes, shown, x, y)
    return True


def _time_against_batch(figure: Figure, rows: Sequence[Row]) -> bool:
    shown = [row for row in rows if len(row.latency) > 1]
    return _against_batch(
        figure,
        shown,
        lambda row: {b: t.value / b * 1e3 for b, t in row.latency.items()},
        "time per image [ms]",
    )


def _memory_against_batch(figure: Figure, rows: Sequence[Row]) -> bool:
    shown = [row for row in rows if len(row.process_peak) > 1]
    return _against_batch(
        figure,
        shown,
        lambda row: {b: size.value / 1e6 for b, size in row.process_peak.items()},
        "peak memory of the process [MB]",
    )


def _against_batch(
    figure: Figure, shown: Sequence[Row], values: Callable[[Row], dict[int, float]], label: str
) -> bool:
    if not shown:
        return False
    from matplotlib.ticker import NullLocator, ScalarFormatter

    axes = figure.add_subplot()
    ends = []
    for row in shown:
        points = sorted(values(row).items())
        style = look(row.family)
        batches, numbers = [batch for batch, _ in points], [number for _, number in points]
        axes.plot(
            batches,
            numbers,
            "-",
            marker=style.marker,
            color=style.colour,
            lw=1.2,
            markersize=5,
            mec="#1b1f24",
            mew=0.4,
        )
        ends.append((batches[-1], numbers[-1]))
    axes.set_xscale("log", base=2)
    log_axis(axes.yaxis, [number for row in shown for number in values(row).values()])
    ticks = sorted({batch for row in shown for batch in values(row)})
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(right=ticks[-1] * 2.6)
    axes.set_xlabel("images per call")
    axes.set_ylabel(label)
    axes.grid(linewidth=0.6)
    legend(figure, shown)
    name_points(axes, shown, [x for x, _ in ends], [y for _, y in ends], left=False)
    return True


def _accuracy_label(rows: Sequence[Row]) -> str:
    """Says so where accuracies were found on different images."""
    mixed = len({row.yardstick for row in rows}) > 1
    return "top-1 accuracy [%]" + (", on different images" if mixed else "")


def _top1(row: Row) -> float:
    assert row.top1 is not None
    return row.top1.value


def _value(axis: Axis, row: Row) -> float:
    found = axis.value(row)
    assert found is not None
    return found.value * axis.scale


def _origin(axis: Axis, rows: Sequence[Row]) -> str:
    """Says on the axis itself when all of it is modelled."""
    origins = {found.origin for row in rows if (found := axis.value(row)) is not None}
    return ", modelled: no meter" if origins == {"modelled"} and axis.key == "energy" else ""
