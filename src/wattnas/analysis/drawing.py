"""What the figures share: page, style, axes, names beside points, legend, and the file they become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wattnas.analysis.colours import LOOKS, look
from wattnas.analysis.row import Row
from wattnas.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]

_WIDTH, _HEIGHT, _DPI = 7.0, 4.6, 150
_MARK, _GAP, _TALL, _LETTER = 3.0, 6.0, 8.0, 3.7
"""Points: half a mark, mark to title, a title's height, a letter."""
_INK = "#1b1f24"
_JOIN: dict[str, Any] = {"arrowstyle": "-", "lw": 0.4, "color": "#59636e", "shrinkA": 0, "shrinkB": 2}
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


def name_points(
    axes: Axes, rows: Sequence[Row], x: Sequence[float], y: Sequence[float], *, left: bool = True
) -> None:
    """A title beside each point, where it covers neither a point nor a title, joined to a point that is far.

    To be called last: the places depend on the layout. Without `left`, titles stand on the right alone.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = 72 / figure.dpi
    points = axes.transData.transform(list(zip(x, y, strict=True))) * scale
    frame: Box = tuple(side * scale for side in axes.bbox.extents)  # type: ignore[assignment]
    taken = [(px - _MARK, py - _MARK, px + _MARK, py + _MARK) for px, py in points]
    for index in sorted(range(len(rows)), key=lambda i: -points[i][1]):
        px, py = points[index]
        dx, dy = free_place((px, py), _LETTER * len(rows[index].title), taken, frame, left)
        axes.annotate(
            rows[index].title,
            (x[index], y[index]),
            xytext=(dx, dy),
            textcoords="offset points",
            fontsize=6.5,
            color=_INK,
            va="center",
            ha="left" if dx > 0 else "right",
            arrowprops=_JOIN | {"relpos": (0 if dx > 0 else 1, 0.5)} if abs(dy) > _TALL else None,
        )


def free_place(
    point: tuple[float, float],
    wide: float,
    taken: list[Box],
    frame: Box,
    left: bool = True,
) -> tuple[float, float]:
    """Offset in points of a title `wide` points long whose box meets none of `taken`; it is added there.

    Positive x: the title begins there, to the right; negative: it ends there. The nearest place inside
    `frame` (left, bottom, right, top) wins; where there is none, the title stands to the right all the same.
    """
    px, py = point
    box = (px + _GAP, py - _TALL / 2, px + _GAP + wide, py + _TALL / 2)
    for step in range(40):
        dy = (step + 1) // 2 * 5.0 * (1 if step % 2 else -1)
        for dx in (_GAP, -_GAP) if left else (_GAP,):
            start = px + dx if dx > 0 else px + dx - wide
            tried = (start, py + dy - _TALL / 2, start + wide, py + dy + _TALL / 2)
            is_free = not any(_meet(tried, other) for other in taken)
            if is_free and _lies_in(tried, frame, open_right=not left):
                taken.append(tried)
                return dx, dy
    taken.append(box)
    return _GAP, 0.0


def _lies_in(box: Box, frame: Box, open_right: bool) -> bool:
    inside = frame[0] <= box[0] and frame[1] <= box[1] and box[3] <= frame[3]
    return inside and (open_right or box[2] <= frame[2])


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


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

    present = {row.family for row in rows}
    families = [name for name in LOOKS if name in present] + sorted(present - LOOKS.keys())
    marks = [
        Line2D([], [], linestyle="", marker=look(name).marker, color=look(name).colour, mec=_INK, mew=0.5)
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
