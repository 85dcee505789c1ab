"""The page of a run as plain data: everything the template shows, nothing it has to work out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from wattnas.report.advice import AdvicePart, build_advice
from wattnas.report.answer import Answer, build_answer
from wattnas.report.charts import Chart
from wattnas.report.costs import CostTable, build_costs
from wattnas.report.curves import Curves, build_search, build_train
from wattnas.report.data import ClassTable, Data, build_classes, build_data
from wattnas.report.drawing import Drawing, build_drawing
from wattnas.report.gates import Gates, build_gates
from wattnas.report.plots import plot
from wattnas.report.provenance import Provenance, build_provenance
from wattnas.report.read import MODEL, RunFiles
from wattnas.report.render import BASIC, CARTESIAN
from wattnas.report.rounds import RoundRow, build_rounds
from wattnas.report.snippet import build_snippet


@dataclass(frozen=True)
class Page:
    """One run, ready to be rendered; a part that the run does not have yet is None."""

    template: ClassVar[str] = "report.html.j2"
    scripts: ClassVar[tuple[str, ...]] = ("page.js", "networks.js")

    title: str
    answer: Answer
    drawing: Drawing | None
    costs: CostTable | None
    search: Curves | None
    gates: Gates | None
    rounds: tuple[RoundRow, ...]
    reason: str
    advice: AdvicePart | None
    train: Curves | None
    classes: ClassTable | None
    data_used: Data | None
    provenance: Provenance
    model: str
    snippet: str | None

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts of the page."""
        parts = (self.costs, self.search, self.train)
        found = [chart for part in parts if part is not None for chart in part.charts]
        return (*found, *((self.gates.chart, self.gates.over_time) if self.gates is not None else ()))

    @property
    def plotly(self) -> str:
        """The bundle with heat maps where there are gates to show."""
        return BASIC if self.gates is None else CARTESIAN

    def data(self) -> dict[str, Any]:
        """What the page's scripts work with."""
        found: dict[str, Any] = {"charts": figures(self.charts)}
        if self.drawing is not None:
            found["networks"] = self.drawing.to_json()
        if self.gates is not None:
            found["gates"] = self.gates.to_json()
        return found


def figures(charts: Iterable[Chart]) -> dict[str, Any]:
    """Key of a chart -> its figure."""
    return {chart.key: plot(chart) for chart in charts}


def build_page(files: RunFiles) -> Page:
    """The page of these files."""
    return Page(
        title=files.name,
        answer=build_answer(files),
        drawing=build_drawing(files),
        costs=build_costs(files.costs),
        search=build_search(files),
        gates=build_gates(files),
        rounds=build_rounds(files.rounds),
        reason=files.rounds.reason if files.rounds is not None else "",
        advice=build_advice(files.advice),
        train=build_train(files),
        classes=build_classes(files),
        data_used=build_data(files.manifest),
        provenance=build_provenance(files),
        model=MODEL,
        snippet=build_snippet(files),
    )
