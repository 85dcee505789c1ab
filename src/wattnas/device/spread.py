"""How uncertain networks are: by the covariances that a profile keeps, and while they are measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wattnas.device.collect import Timed
from wattnas.device.fitted import Covariance, Fit
from wattnas.device.profile import Profile
from wattnas.space import Layout

Array = NDArray[np.float64]


def between_fit(profile: Profile, layout: Layout) -> Fit | None:
    """The campaign that knows what networks of `layout` take besides their parts; of several the last."""
    fits = [fit for fit in profile.fits if fit.between is not None and fit.holds_for(layout)]
    return fits[-1] if fits else None


def takes_joules(fit: Fit) -> bool:
    """Whether what is between parts adds joules to theirs: where these are modelled from their seconds.

    Where a meter was read, the energy fit has put on the parts all that whole networks took.
    """
    return fit.energy is None


def latency_sigma(
    profile: Profile,
    keys: Sequence[str],
    total_s: float,
    own: Fit | None = None,
    between: Mapping[str, float] | None = None,
) -> float | None:
    """Standard deviation of a network's seconds; None where the profile keeps no covariance of some part.

    Args:
        keys: the parts that the network runs, repeats included, identities left out.
        total_s: the predicted seconds.
        own: the campaign that knows what is between the parts.
        between: how much of it the network has.
    """
    fits = profile.fits
    if not fits or not set(keys) <= {key for fit in fits for key in fit.part_keys}:
        return None
    variance = sum(
        fit.latency.variance(count_keys(fit.latency, keys, between if fit is own else None)) for fit in fits
    )
    misfit = max(fit.latency.misfit for fit in fits)
    return float(np.sqrt(variance + (misfit * total_s) ** 2))


def level_sigma(anchors: Sequence[Timed]) -> float:
    """Standard deviation, as a share, of the level of a session's seconds: the median of its anchors.

    All seconds of the session err by it together. A median varies by the root of pi / 2 more than a mean.
    """
    seconds = np.array([anchor.seconds for anchor in anchors])
    known = float(np.median([anchor.sigma / anchor.seconds for anchor in anchors]))
    seen = float(seconds.std(ddof=1) / seconds.mean()) if len(anchors) > 1 else 0.0
    return max(known, seen) * float(np.sqrt(np.pi / 2 / len(anchors)))


def likeness(networks: Sequence[Sequence[str]]) -> Array:
    """(networks, networks) from 0 to 1, how far networks with these parts miss their sums alike.

    The share of parts that two have in common, to the fourth power: parts cost more or less than alone by
    their neighbours, and random networks, which share half of their parts, hardly share neighbours. It is a
    covariance, as every whole power of a histogram intersection is (Barla et al., ICIP 2003).
    """
    names = {key: column for column, key in enumerate(sorted({key for keys in networks for key in keys}))}
    counts = np.zeros((len(networks), len(names)))
    for row, keys in enumerate(networks):
        np.add.at(counts[row], [names[key] for key in keys], 1)
    shared = sum(np.minimum.outer(column, column) for column in counts.T)
    sizes = np.sqrt(counts.sum(axis=1))
    common: Array = shared / np.outer(sizes, sizes)
    return common**4


def count_keys(fit: Covariance, keys: Sequence[str], between: Mapping[str, float] | None = None) -> Array:
    """How often each key of `fit` stands in `keys`, or how much of it there is in `between`."""
    counts = Counter(keys) | dict(between or {})
    return np.array([counts.get(key, 0) for key in fit.keys], dtype=np.float64)
