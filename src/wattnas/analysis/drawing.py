"""What the figures share: page, style, axes, names beside points, legend, and the file they become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wattnas.analysis.colours import look
from wattnas.analysis.row import Row
from wattnas.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _DPI = 7.0, 4.6, 150
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "grid.color": "#d5dae0",
    "legend.frameon": False,
    "text.parse_math": False,
}


@contextmanager
def page() -> Iterator[Figure]:
    """An empty figure, in our style while it is drawn and saved."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all; it holds no time and no version."""
    with replacing(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})


def name_points(axes: Axes, rows: Sequence[Row], x: Sequence[float], y: Sequence[float]) -> None:
    """A title beside each point, moved up or down where it would cover one written before."""
    axes.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    taken: list[tuple[float, float, float, float]] = []
    order = sorted(range(len(rows)), key=lambda i: -y[i])
    for index in order:
        px, py = axes.transData.transform((x[index], y[index])) * 72 / axes.figure.dpi
        wide = 4.0 * len(rows[index].title)
        dx, dy = _free_place(px, py, wide, taken)
        axes.annotate(
            rows[index].title,
            (x[index], y[index]),
            xytext=(dx, dy),
            textcoords="offset points",
            fontsize=6.5,
            color="#1b1f24",
            va="center",
        )


def _free_place(
    px: float, py: float, wide: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float]:
    """Offset in points of a label whose box meets none in `taken`; the box is added there."""
    tall = 8.0
    for step in range(24):
        dy = (step + 1) // 2 * 7.0 * (1 if step % 2 else -1)
        box = (px + 6, py + dy - tall / 2, px + 6 + wide, py + dy + tall / 2)
        if all(box[2] < t[0] or t[2] < box[0] or box[3] < t[1] or t[3] < box[1] for t in taken):
            break
    taken.append(box)
    return 6.0, dy


def log_axis(axis: XAxis | YAxis, values: Sequence[float]) -> None:
    """A logarithmic axis with plain numbers: at 1, 2 and 5, or at powers of ten where it spans many."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    wide = max(values) > 1e3 * min(values)
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def legend(figure: Figure, rows: Sequence[Row], note: str = "") -> None:
    """The families above the axes, `note` over them."""
    from matplotlib.lines import Line2D

    families = list(dict.fromkeys(row.family for row in rows))
    marks = [
        Line2D(
            [], [], linestyle="", marker=look(name).marker, color=look(name).colour, mec="#1b1f24", mew=0.5
        )
        for name in families
    ]
    figure.legend(
        marks,
        families,
        loc="outside upper left",
        ncols=9,
        fontsize=8,
        title=note or None,
        title_fontsize=7,
        alignment="left",
        handletextpad=0.2,
        columnspacing=1.0,
    )
