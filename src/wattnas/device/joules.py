"""From measured joules of some whole networks to those of every part: watts by kind of block, and a constant.

Windows that a meter can resolve take a minute per network, too long for every part. So about 40 networks are
measured and their energy is regressed on the seconds that each kind of block takes in them, plus what every
call costs:

    E_i = sum over kinds q of P_q . t_iq + c + e_i

A kind is a candidate (kernel, expansion and groups), whatever its shapes. Watts start from one common value
and differ from it as far as the measurements say (the ridge of `fit.fit_costs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattnas.device.compare import compare
from wattnas.device.fit import Observed, Posterior, fit_costs, refit
from wattnas.device.fitted import CONSTANT, Covariance, EnergyFit, rounded
from wattnas.errors import ProfileError

Array = NDArray[np.float64]

_CONSTANT_SHARE = 0.1
_LEAST = 8


def kind_of(key: str) -> str:
    """The kind of block that a key names: its first word ("k3_e6", "skip", "stem_k3", "head_flatten")."""
    return key.split(" ", 1)[0]


@dataclass(frozen=True)
class MeasuredEnergy:
    """One network with a meter: the parts it runs, and joules of one inference with standard deviation."""

    keys: tuple[str, ...]
    joules: float
    sigma_j: float


def fit_energy(networks: Sequence[MeasuredEnergy], seconds: Mapping[str, float], meter: str) -> EnergyFit:
    """Watts of every kind of block, from `networks` and the `seconds` of each part.

    Raises:
        ProfileError: fewer networks than a regression can do with, or joules that are not above 0.
    """
    if len(networks) < _LEAST:
        raise ProfileError(
            f"{len(networks)} networks with measured energy are too few for a regression.",
            f"Measure {_LEAST} or more.",
        )
    if any(not network.joules > 0 for network in networks):
        raise ProfileError("A measured energy is not above 0 J.", "Check the meter: wattnas doctor.")
    kinds = [*sorted({kind_of(key) for key in seconds}), CONSTANT]
    times = np.array([_seconds_by_kind(kinds, n.keys, seconds) for n in networks])
    usual_s = float(times.sum(axis=1).mean())
    times[:, -1] = usual_s  # so that the constant has a watt's magnitude too
    joules = np.array([network.joules for network in networks])
    common_w = float(np.median(joules / times[:, :-1].sum(axis=1)))
    sigmas = np.array([network.sigma_j for network in networks])
    observed = Observed(times, joules / common_w, sigmas / common_w)
    prior = np.array([1.0] * (len(kinds) - 1) + [_CONSTANT_SHARE])
    found = fit_costs(prior, observed)
    left_out = _left_out(prior, observed, found) * common_w
    units = np.array([common_w] * (len(kinds) - 1) + [common_w * usual_s])
    return EnergyFit(
        meter=meter,
        watts={kind: rounded(w) for kind, w in zip(kinds, found.mean * units, strict=True)},
        covariance=Covariance.of(tuple(kinds), found.covariance * np.outer(units, units), found.hyper.misfit),
        networks=len(networks),
        check=compare(left_out[:, 0], left_out[:, 1], joules, sigmas),
    )


def _seconds_by_kind(kinds: Sequence[str], keys: Sequence[str], seconds: Mapping[str, float]) -> list[float]:
    """Seconds of each kind in a network; 1.0 for the constant."""
    times = dict.fromkeys(kinds, 0.0)
    for key in keys:
        times[kind_of(key)] += seconds[key]
    times[CONSTANT] = 1.0
    return list(times.values())


def _left_out(prior: Array, observed: Observed, found: Posterior) -> Array:
    """(mean, standard deviation) of each network, predicted from all others, (networks, 2)."""
    rows = []
    for index in range(len(observed.values)):
        others = np.arange(len(observed.values)) != index
        part = Observed(observed.counts[others], observed.values[others], observed.sigmas[others])
        mean, sigma = refit(prior, part, found.hyper).predict(observed.counts[[index]])
        rows.append((mean[0], sigma[0]))
    return np.array(rows)


def energy_of(
    fit: EnergyFit, key: str, seconds: float, sigma_s: float, *, first: bool
) -> tuple[float, float]:
    """(joules, standard deviation) of one part; the first part of a network carries the constant too."""
    names = fit.covariance.keys
    index = names.index(kind_of(key))
    times = np.zeros(len(names))
    times[index] = seconds
    times[-1] = 1.0 if first else 0.0
    watts = fit.watts[kind_of(key)]
    joules = watts * seconds + (fit.watts[CONSTANT] if first else 0.0)
    return max(joules, 0.0), float(np.hypot(fit.covariance.variance(times) ** 0.5, watts * sigma_s))


def energy_sigma(fit: EnergyFit, keys: Sequence[str], seconds: Mapping[str, float], sigma_s: float) -> float:
    """Standard deviation of a network's joules, given its parts, their seconds, and that of its own."""
    times = np.array(_seconds_by_kind(fit.covariance.keys, keys, seconds))
    watts = np.array([fit.watts[kind] for kind in fit.covariance.keys])
    total_j, total_s = float(watts @ times), float(times[:-1].sum())
    usual_w = total_j / total_s if total_s > 0 else 0.0
    variance = fit.covariance.variance(times) + (usual_w * sigma_s) ** 2
    return float(np.sqrt(variance + (fit.covariance.misfit * total_j) ** 2))
