"""The page as plain data: everything the template shows, nothing it has to work out."""

from __future__ import annotations

from dataclasses import dataclass

from wattnas.report.answer import Answer, build_answer
from wattnas.report.costs import CostTable, build_costs
from wattnas.report.curves import Curves, Gates, build_gates, build_search, build_train
from wattnas.report.data import ClassTable, Data, build_classes, build_data
from wattnas.report.drawing import Drawing, build_drawing
from wattnas.report.provenance import Provenance, build_provenance
from wattnas.report.read import MODEL, RunFiles
from wattnas.report.snippet import build_snippet


@dataclass(frozen=True)
class Page:
    """One run, ready to be rendered; a part that the run does not have yet is None."""

    title: str
    answer: Answer
    drawing: Drawing | None
    costs: CostTable | None
    search: Curves | None
    gates: Gates | None
    train: Curves | None
    classes: ClassTable | None
    data: Data | None
    provenance: Provenance
    model: str
    snippet: str | None


def build_page(files: RunFiles) -> Page:
    """The page of these files."""
    return Page(
        title=files.name,
        answer=build_answer(files),
        drawing=build_drawing(files),
        costs=build_costs(files.costs),
        search=build_search(files),
        gates=build_gates(files),
        train=build_train(files),
        classes=build_classes(files),
        data=build_data(files.manifest),
        provenance=build_provenance(files),
        model=MODEL,
        snippet=build_snippet(files),
    )
