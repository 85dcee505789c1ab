"""The page of a sweep as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from wattnas.report.explorer import NAMES, Explorer, build_explorer
from wattnas.report.render import BASIC
from wattnas.report.sweep_file import Network, SweepFile
from wattnas.report.text import Cell, Number, Rows, cell, pairs, share
from wattnas.units import format_duration


@dataclass(frozen=True)
class Row:
    """One network; `kind` is "sweep", or whose it is."""

    name: str
    kind: str
    cells: tuple[Cell, ...]
    architecture: tuple[str, ...]
    is_own: bool


@dataclass(frozen=True)
class GoalRow:
    """What came of one goal."""

    goal: Number
    name: str
    reached: Cell
    cost: Cell
    verdict: str


@dataclass(frozen=True)
class SweepPage:
    """One sweep, ready to be rendered."""

    template: ClassVar[str] = "sweep.html.j2"
    scripts: ClassVar[tuple[str, ...]] = ("page.js", "networks.js", "explorer.js")
    plotly: ClassVar[str] = BASIC

    title: str
    explorer: Explorer
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    goals: tuple[GoalRow, ...]
    cost_name: str
    facts: Rows
    warnings: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """What the page's scripts work with."""
        return {"charts": {}, "explorer": self.explorer.to_json()}


def build_sweep_page(sweep: SweepFile) -> SweepPage:
    """The page of a sweep."""
    explorer = build_explorer(sweep)
    keys = ("accuracy", *explorer.costs)
    return SweepPage(
        title=sweep.title,
        explorer=explorer,
        headers=tuple(NAMES[key] for key in keys),
        rows=tuple(_row(point, "sweep", keys) for point in sweep.points)
        + tuple(_row(reference, reference.group, keys) for reference in sweep.references),
        goals=_goals(sweep),
        cost_name=NAMES[sweep.minimize],
        facts=_facts(sweep),
        warnings=sweep.warnings,
    )


def _row(network: Network, kind: str, keys: tuple[str, ...]) -> Row:
    cells = (cell(network.accuracy, share) if key == "accuracy" else cell(network.cost(key)) for key in keys)
    return Row(network.name, kind, tuple(cells), network.architecture, kind == "sweep")


def _goals(sweep: SweepFile) -> tuple[GoalRow, ...]:
    asked = sorted(
        (point for point in sweep.points if point.goal is not None), key=lambda point: point.goal or 0
    )
    return tuple(
        GoalRow(
            share(point.goal or 0.0),
            point.name,
            cell(point.accuracy, share),
            cell(point.cost(sweep.minimize)),
            "not judged" if point.met is None else "met" if point.met else "not met",
        )
        for point in asked
    )


def _facts(sweep: SweepFile) -> Rows:
    facts = [("Device", sweep.device), ("Space", sweep.space), ("Data", sweep.data), ("Made", sweep.created)]
    facts += [(f"Wall time, {part}", format_duration(spent)) for part, spent in sweep.seconds.items()]
    return (*(fact for fact in facts if fact[1]), *pairs(sweep.facts))
