"""The one place where analysis times a network, so that the protocol has one seam."""

from __future__ import annotations

from collections.abc import Sequence

from wattnas.export import OnnxModel, measure_latency
from wattnas.units import Quantity

RUNS = 45
"""Runs that the protocol needs at least: what a slow network costs, in units of its own latency."""


def latency(model: OnnxModel, batch: int, seconds: float) -> Quantity:
    """Seconds of one call with `batch` images; `seconds` is what measuring takes where it is fast."""
    return measure_latency(model, batch=batch, seconds=seconds)


def affordable(one: float, batches: Sequence[int], budget_s: float) -> tuple[list[int], list[int]]:
    """Which of `batches` fit into `budget_s` seconds each at `one` seconds an image; and which do not."""
    fits = [batch for batch in batches if batch * one * RUNS <= budget_s]
    return fits, [batch for batch in batches if batch not in fits]
