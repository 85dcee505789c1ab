"""From a fit to a profile: one entry per part, each with interval, origin and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date

import numpy as np

from wattnas.device.fitted import EnergyFit, Fit, rounded
from wattnas.device.joules import energy_of
from wattnas.device.parts import identities
from wattnas.device.profile import Entry, Profile
from wattnas.space import Layout
from wattnas.units import Z_95, Quantity

RESOLUTION_S = 1e-7
"""The least a part that runs can cost: less is below what a clock and a null session resolve."""


@dataclass(frozen=True)
class Facts:
    """What every entry says about where it comes from."""

    name: str
    hardware: str
    runtime: str
    threads: int
    date: Date
    watts: float | None

    @property
    def source(self) -> str:
        """In one line."""
        return f"{self.hardware}, {self.runtime}, {self.threads} thread(s), batch 1, {self.date.isoformat()}"


def make_entries(layout: Layout, fit: Fit, seconds: Mapping[str, float], facts: Facts) -> list[Entry]:
    """An entry for every part that the fit measured, and for the identities of the layout."""
    sigmas = np.sqrt(np.diag(fit.latency.matrix()))
    entries = [
        _entry(key, seconds[key], float(sigma), fit, facts, first=key == layout.stem_key)
        for key, sigma in zip(fit.latency.keys, sigmas, strict=True)
        if key in seconds
    ]
    return entries + [_identity(key, facts.source) for key in identities(layout)]


def _entry(key: str, seconds: float, sigma: float, fit: Fit, facts: Facts, *, first: bool) -> Entry:
    value = max(seconds, RESOLUTION_S)
    how = f"inferred from this block alone and {fit.networks} whole networks; {facts.source}"
    latency = _spread(value, sigma, "s", n=fit.networks + 1, source=how)
    return Entry(
        key=key, latency=latency, energy=_energy(key, value, sigma, fit.energy, facts, how, first=first)
    )


def _energy(
    key: str, seconds: float, sigma: float, fit: EnergyFit | None, facts: Facts, how: str, *, first: bool
) -> Quantity:
    if fit is not None:
        value_j, spread = energy_of(fit, key, seconds, sigma, first=first)
        source = (
            f"{fit.meter}: watts by kind of block from {fit.networks} networks, times latency; {facts.source}"
        )
        return _spread(value_j, spread, "J", n=fit.networks, source=source)
    assert facts.watts is not None
    source = f"{facts.watts:g} W (stated, not measured) times latency; {how}"
    joules = _spread(facts.watts * seconds, facts.watts * sigma, "J", n=None, source=source)
    return joules.model_copy(update={"origin": "modelled"})


def _spread(value: float, sigma: float, unit: str, n: int | None, source: str) -> Quantity:
    """A predicted quantity with its 95 % interval, cut off at 0."""
    return Quantity.model_validate(
        {
            "value": rounded(value),
            "unit": unit,
            "origin": "predicted",
            "low": rounded(max(value - Z_95 * sigma, 0.0)),
            "high": rounded(value + Z_95 * sigma),
            "n": n,
            "source": source,
        }
    )


def _identity(key: str, source: str) -> Entry:
    why = f"identity is removed by the runtime; {source}"
    nothing = {"value": 0.0, "origin": "modelled", "source": why}
    return Entry(
        key=key,
        latency=Quantity.model_validate({**nothing, "unit": "s"}),
        energy=Quantity.model_validate({**nothing, "unit": "J"}),
    )


def join_profiles(old: Profile | None, new: Profile) -> Profile:
    """`new` and what `old` has besides; the old entry where both have one, as sums were checked with it."""
    if old is None:
        return new
    have = {entry.key for entry in old.entries}
    added = [entry for entry in new.entries if entry.key not in have]
    notes = dict.fromkeys([*old.notes, *new.notes])
    return old.model_copy(
        update={
            "entries": (*old.entries, *added),
            "fits": (*old.fits, *new.fits),
            "notes": tuple(notes),
            "date": new.date,
        }
    )


def with_identities(profile: Profile, layout: Layout) -> Profile:
    """`profile` with an entry for every identity of `layout` that it lacks: these need no measurement."""
    have = {entry.key for entry in profile.entries}
    added = [_identity(key, profile.hardware) for key in identities(layout) if key not in have]
    return profile.model_copy(update={"entries": (*profile.entries, *added)})


def make_profile(
    entries: Sequence[Entry], fits: Sequence[Fit], facts: Facts, notes: Sequence[str], description: str
) -> Profile:
    """A profile of whole networks."""
    return Profile(
        name=facts.name,
        description=description,
        notes=tuple(notes),
        hardware=facts.hardware,
        runtime=facts.runtime,
        threads=facts.threads,
        date=facts.date,
        scope="network",
        entries=tuple(entries),
        fits=tuple(fits),
    )
