"""Rounds of the closed loop: select, train, measure, and select again where it missed."""

from __future__ import annotations

from dataclasses import dataclass

from wattnas.report.files import RoundsFile
from wattnas.report.text import Cell, cell, share


@dataclass(frozen=True)
class RoundRow:
    """One round; cells without a number where something is not known."""

    round: int
    predicted: Cell
    reached: Cell
    energy: Cell
    latency: Cell
    epochs: str
    decision: str
    architecture: str


def build_rounds(found: RoundsFile | None) -> tuple[RoundRow, ...]:
    """The rounds in order; none where the run has no closed loop."""
    return tuple(
        RoundRow(
            entry.round,
            cell(entry.predicted_accuracy, share),
            cell(entry.validation_accuracy, share),
            cell(entry.energy_j),
            cell(entry.latency_s),
            "" if entry.epochs is None else str(entry.epochs),
            entry.decision,
            " ".join(entry.architecture),
        )
        for entry in (found.rounds if found is not None else ())
    )
