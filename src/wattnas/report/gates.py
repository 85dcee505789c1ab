"""Probabilities of the gates: at each epoch, and of the candidate that won over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wattnas.report.charts import HeatMap
from wattnas.report.files import Matrix
from wattnas.report.read import RunFiles
from wattnas.report.text import Number, share

MAX_EPOCHS = 60
"""Epochs that the slider stops at; more are thinned out evenly, the last one kept."""


@dataclass(frozen=True)
class Gates:
    """What the gates were like after each finished epoch.

    Attributes:
        epoch: the last one, from 1.
        chart: layers x candidates after it.
        over_time: layers x epochs, the probability of the candidate that leads after the last.
        rows: the numbers of `chart`.
        epochs, history: what the slider shows, from 1.
    """

    epoch: int
    chart: HeatMap
    over_time: HeatMap
    rows: tuple[tuple[str, tuple[Number, ...]], ...]
    epochs: tuple[int, ...]
    history: tuple[Matrix, ...]

    def to_json(self) -> dict[str, Any]:
        """For the page's script."""
        return {"epochs": self.epochs, "values": self.history}


def build_gates(files: RunFiles) -> Gates | None:
    """The gates of all epochs that ended; None where none did."""
    ended = [(line.epoch + 1, line.probabilities) for line in files.search if line.probabilities]
    if not ended:
        return None
    ended = [(epoch, values) for epoch, values in ended if len(values) == len(ended[-1][1])]
    epoch, last = ended[-1]
    kept = _thinned(ended)
    columns, rows = _columns(files, len(last[0])), _rows(files, len(last))
    return Gates(
        epoch=epoch,
        chart=HeatMap("gates", "Probabilities of the gates", _caption(epoch, last), rows, columns, last),
        over_time=_over_time(ended, rows),
        rows=tuple(
            (name, tuple(share(value) for value in row)) for name, row in zip(rows, last, strict=True)
        ),
        epochs=tuple(place for place, _ in kept),
        history=tuple(values for _, values in kept),
    )


def _thinned(ended: Sequence[tuple[int, Matrix]]) -> list[tuple[int, Matrix]]:
    stride = -(-len(ended) // MAX_EPOCHS)
    return [pair for index, pair in enumerate(ended) if (len(ended) - 1 - index) % stride == 0]


def _caption(epoch: int, values: Matrix) -> str:
    sure = max(range(len(values)), key=lambda row: max(values[row]))
    unsure = min(range(len(values)), key=lambda row: max(values[row]))
    return (
        f"Probability of each candidate at each layer after epoch {epoch}. "
        f"Most decided: layer {sure} ({share(max(values[sure])).text}), "
        f"least: layer {unsure} ({share(max(values[unsure])).text})."
    )


def _over_time(ended: Sequence[tuple[int, Matrix]], rows: tuple[str, ...]) -> HeatMap:
    leads = [row.index(max(row)) for row in ended[-1][1]]
    values = tuple(tuple(found[layer][lead] for _, found in ended) for layer, lead in enumerate(leads))
    caption = "Of each layer, the candidate that leads in the end: its probability after each epoch."
    epochs = tuple(str(epoch) for epoch, _ in ended)
    return HeatMap("gates-time", "How the gates made up their mind", caption, rows, epochs, values, "epoch")


def _columns(files: RunFiles, count: int) -> tuple[str, ...]:
    """Names of the candidates, or their numbers where the run does not name them."""
    space = files.manifest.space
    if space is not None and len(space.candidates) == count:
        return space.candidates
    return tuple(f"candidate {index}" for index in range(count))


def _rows(files: RunFiles, count: int) -> tuple[str, ...]:
    architecture = files.architecture
    if architecture is None or len(architecture.operations) != count:
        return tuple(str(index) for index in range(count))
    return tuple(f"{index} {name}" for index, name in enumerate(architecture.operations))
