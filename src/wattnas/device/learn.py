"""A profile that learns from one more network: what `wattnas verify --update` does with its measurement."""

from __future__ import annotations

import numpy as np

from wattnas.device.assemble import RESOLUTION_S
from wattnas.device.between import measure_of
from wattnas.device.fit import Observed, update
from wattnas.device.fitted import Covariance, Fit, rounded
from wattnas.device.parts import part_keys
from wattnas.device.profile import Entry, Profile
from wattnas.device.spread import between_fit, count_keys
from wattnas.errors import ProfileError
from wattnas.space import Architecture, Layout
from wattnas.units import Z_95


def learn(
    profile: Profile, layout: Layout, architecture: Architecture, seconds: float, sigma_s: float
) -> Profile:
    """`profile` after `architecture` took `seconds` (standard deviation `sigma_s`) on its device.

    The costs of the parts move as far as their covariance and the measurement's own spread say (one step of
    the regression in `fit`). Energies that are modelled from seconds move along; measured ones stay.

    Raises:
        ProfileError: the profile keeps no covariance for the parts of this network.
    """
    keys = part_keys(layout, architecture)
    number = next((i for i, fit in enumerate(profile.fits) if set(keys) <= set(fit.latency.keys)), None)
    if number is None:
        raise ProfileError(
            f"Profile {profile.name!r} cannot learn from this network: it keeps no covariance of its parts.",
            "Measure the device: wattnas profile --device DEVICE --space SPACE --out FILE.",
        )
    fit = profile.fits[number]
    between = fit.between if fit is between_fit(profile, layout) else None
    amounts = measure_of(layout, architecture, between.params) if between else {}
    mean = np.array([_seconds(profile, fit, key) for key in fit.latency.keys])
    counts = count_keys(fit.latency, keys, amounts)[None, :]
    noise = np.array([[sigma_s**2 + (fit.latency.misfit * seconds) ** 2]])
    observed = Observed(counts, np.array([seconds]), np.array([sigma_s]))
    try:
        mean, covariance = update(mean, fit.latency.matrix(), observed, noise)
        known = Covariance.of(fit.latency.keys, covariance, fit.latency.misfit)
    except ValueError as error:  # not positive definite
        raise ProfileError(
            f"Profile {profile.name!r} cannot learn: its covariance is that of no measurement.",
            "Measure the device again: wattnas profile --device DEVICE --space SPACE --out FILE.",
        ) from error
    sigmas = np.sqrt(np.diag(known.matrix()))
    values = dict(zip(known.keys, zip(mean.tolist(), sigmas.tolist(), strict=True), strict=True))
    better = fit.model_copy(update={"latency": known, "networks": fit.networks + 1})
    if fit.between is not None:
        moved = {name: rounded(values[name][0]) for name in fit.between.seconds}
        better = better.model_copy(update={"between": fit.between.model_copy(update={"seconds": moved})})
    fits = (*profile.fits[:number], better, *profile.fits[number + 1 :])
    entries = tuple(
        _moved(entry, *values[entry.key]) if entry.key in values else entry for entry in profile.entries
    )
    return profile.model_copy(update={"entries": entries, "fits": fits})


def _seconds(profile: Profile, fit: Fit, key: str) -> float:
    if fit.between is not None and key in fit.between.seconds:
        return fit.between.seconds[key]
    return next(entry.latency.value for entry in profile.entries if entry.key == key)


def _moved(entry: Entry, seconds: float, sigma: float) -> Entry:
    value = max(seconds, RESOLUTION_S)
    ends = {"value": value, "low": max(value - Z_95 * sigma, 0.0), "high": value + Z_95 * sigma}
    latency = entry.latency.model_copy(update={name: rounded(end) for name, end in ends.items()})
    energy = entry.energy
    if energy.origin == "modelled" and entry.latency.value > 0:
        watts = energy.value / entry.latency.value
        scaled = {name: rounded(watts * getattr(latency, name)) for name in ends}
        energy = energy.model_copy(update=scaled)
    return entry.model_copy(update={"latency": latency, "energy": energy})
