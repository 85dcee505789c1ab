"""Energies from the log of an external meter, when all is measured: each window by the log's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wattnas.agent.energy_result import EnergyResult, Window
from wattnas.agent.meters import Alignment, Schedule, Trace, align
from wattnas.errors import MeterError


def resolve(result: EnergyResult, trace: Trace, alignment: Alignment | None = None) -> EnergyResult:
    """`result` with the power that `trace` tells of its windows.

    Args:
        result: one that is pending.
        trace: the log.
        alignment: how the device's clock relates to the log's; by default found from the result's own marker,
            which a log of several results holds several times.

    Returns:
        the result; where the log has a gap in a window or does not reach it, with that as `fault`.

    Raises:
        MeterError: nothing to resolve, or the marker cannot be found.
    """
    if not result.pending:
        raise MeterError("This energy is known already; no log is needed for it.")
    if alignment is None:
        alignment = align(trace, schedules([result]))
    found = replace(result, offset_sigma_s=alignment.sigma_s)
    try:
        return replace(
            found,
            idle=tuple(_told(window, trace, alignment.offset_s) for window in result.idle),
            windows=tuple(_told(window, trace, alignment.offset_s) for window in result.windows),
        )
    except MeterError as error:
        return replace(found, fault=error.message)


def schedules(results: Sequence[EnergyResult]) -> list[Schedule]:
    """What the device did, as it has to show in the log."""
    return [
        Schedule(
            result.marker,
            tuple((window.start, window.end) for window in result.windows),
            tuple((window.start, window.end) for window in result.idle),
        )
        for result in results
        if result.marker is not None
    ]


def resolve_all(results: Sequence[EnergyResult], trace: Trace) -> list[EnergyResult]:
    """Resolve results that share one log. All markers of one start of the system must fit together.

    Raises:
        MeterError: as for `resolve`.
    """
    found: dict[str, Alignment] = {}
    for boot in dict.fromkeys(result.boot for result in results):
        found[boot] = align(trace, schedules([result for result in results if result.boot == boot]))
    return [resolve(result, trace, found[result.boot]) for result in results]


def _told(window: Window, trace: Trace, offset_s: float) -> Window:
    start, end = window.start + offset_s, window.end + offset_s
    joules, sigma = trace.energy(start, end), trace.sigma(start, end)
    return replace(
        window,
        watts=joules / window.seconds,
        sigma_w=None if sigma is None else sigma / window.seconds,
    )
