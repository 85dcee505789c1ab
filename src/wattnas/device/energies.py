"""Energy of whole networks on a device: which ones, asked for and read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wattnas.agent.energy import Protocol
from wattnas.agent.energy_result import EnergyResult
from wattnas.agent.meters import read_log
from wattnas.agent.resolve import resolve_all
from wattnas.device.fitted import EnergyFit
from wattnas.device.job import hashed
from wattnas.device.joules import MeasuredEnergy, fit_energy
from wattnas.device.link import Energy, Failed
from wattnas.device.parts import part_keys
from wattnas.errors import MeterError
from wattnas.space import Architecture
from wattnas.units import Z_95, Quantity

if TYPE_CHECKING:
    from wattnas.device.campaign import Campaign

NETWORKS = 40
"""Whole networks whose energy is measured for a profile, about two minutes each."""

_LOG = "log:"


def energy_job(items: Sequence[str], meter: str | None, protocol: Protocol | None = None) -> dict[str, Any]:
    """The energy part of a job; empty where no meter is read."""
    if meter is None:
        return {"meter": None, "energy": None}
    energy = {"items": list(items), "protocol": (protocol or Protocol()).to_json()}
    return {"meter": meter, "energy": energy}


def measure_energy(campaign: Campaign, meter: str, protocol: Protocol | None = None) -> EnergyFit:
    """Measure the energy of up to 40 networks that the campaign has timed; watts of each kind of block.

    They are spread over all latencies. Those that idle drift or throttling rejected are left out.

    Raises:
        MeterError: the meter cannot be read, or hardly any network gave an energy; says why.
    """
    timed = campaign.collected.timed()
    known = [n.architecture for n in campaign.plan.networks if str(n.architecture) in timed]
    chosen = spread_over(known, [timed[str(architecture)].seconds for architecture in known], NETWORKS)
    hashes, files = hashed({str(each): campaign.composer.network(each) for each in chosen})
    job = {
        "models": hashes,
        "threads": campaign.settings.threads,
        "pin": campaign.settings.pin,
        "token": campaign.settings.token,
        **energy_job(list(hashes), meter, protocol),
    }
    answers = [answer for answer in campaign.device.run(job, files) if isinstance(answer, (Energy, Failed))]
    energies = [answer for answer in answers if isinstance(answer, Energy)]
    results = read_energies(energies, meter)
    found = {answer.item: result for answer, result in zip(energies, results, strict=True)}
    good = {name: result for name, result in found.items() if result.rejected is None}
    failed = [answer.message for answer in answers if isinstance(answer, Failed)]
    if not good:
        reasons = [*failed, *(str(result.rejected) for result in found.values())]
        raise MeterError(
            f"No network gave a usable energy; the first: {reasons[0] if reasons else 'no answer'}.",
            "See docs/meters.md; without --meter, energy is modelled.",
        )
    _, _, seconds = campaign.fitted()
    networks = [
        _measured(campaign, architecture, good[str(architecture)])
        for architecture in chosen
        if str(architecture) in good
    ]
    first = next(iter(good.values()))
    return fit_energy(networks, campaign.all_seconds(seconds), f"{first.meter} ({first.domain})")


def spread_over(
    architectures: Sequence[Architecture], seconds: Sequence[float], most: int
) -> list[Architecture]:
    """Up to `most` of them, evenly over the order of their seconds."""
    order = np.argsort(seconds)
    picks = np.unique(np.linspace(0, len(order) - 1, min(most, len(order))).astype(int))
    return [architectures[order[pick]] for pick in picks]


def _measured(campaign: Campaign, architecture: Architecture, result: EnergyResult) -> MeasuredEnergy:
    assert result.joules is not None
    sigma = result.sigma_j if result.sigma_j is not None else 0.05 * result.joules
    return MeasuredEnergy(tuple(part_keys(campaign.layout, architecture)), result.joules, sigma)


def read_energies(answers: Sequence[Energy], meter: str) -> list[EnergyResult]:
    """The results that answers hold; of a meter that is read from a log, with their energies told by the log.

    Raises:
        MeterError: one is none, or the log does not tell.
    """
    results = [EnergyResult.from_json(answer.result) for answer in answers]
    if not results or not meter.startswith(_LOG):
        return results
    return resolve_all(results, read_log(Path(meter.removeprefix(_LOG))))


def energy_quantity(answer: Energy, device: str, meter: str) -> Quantity:
    """Gross joules of one run.

    Raises:
        MeterError: the measurement was rejected; says why.
    """
    (result,) = read_energies([answer], meter)
    if result.rejected is not None or result.joules is None:
        raise MeterError(
            f"The energy measured on {device} does not count: {result.rejected}.", "See docs/meters.md."
        )
    spread = None if result.sigma_j is None else Z_95 * result.sigma_j
    return Quantity(
        value=result.joules,
        unit="J",
        origin="measured",
        low=None if spread is None else max(result.joules - spread, 0.0),
        high=None if spread is None else result.joules + spread,
        n=len(result.windows),
        source=f"{device}, {result.meter}: {result.domain}; gross, {result.runs} runs",
    )
