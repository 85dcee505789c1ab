"""How networks are timed for an analysis: as for a device profile, but with no rounds beyond the least."""

from __future__ import annotations

from collections.abc import Sequence

from wattnas.agent.timing import Protocol

PROTOCOL = Protocol(max_rounds=Protocol.rounds)
"""A network whose interval stays wide says so; to wait for it would take a slow one minutes."""

RUNS = PROTOCOL.warmup_runs + PROTOCOL.rounds * PROTOCOL.min_runs
"""Runs that the protocol needs at least: what a slow network costs, in units of its own latency."""


def affordable(one: float, batches: Sequence[int], budget_s: float) -> tuple[list[int], list[int]]:
    """Which of `batches` fit into `budget_s` seconds each at `one` seconds an image; and which do not."""
    fits = [batch for batch in batches if batch * one * RUNS <= budget_s]
    return fits, [batch for batch in batches if batch not in fits]
