"""From timed blocks and timed whole networks to what each part costs, with the covariance of all of it.

A block alone costs more or less than it does inside a network, where the runtime fuses and reorders across
blocks. So blocks are where the estimate starts (the prior), and whole networks are what it has to explain:

    y_i = x_i . w + (x_i . s b) (u_g(i) + v_i + t_i) + e_i
    w ~ N(s b, diag((r s b_k + f)^2)),    u_g ~ N(0, d^2),    v ~ N(0, m^2 A),    t_i ~ N(0, q^2),
    e_i ~ N(0, sigma_i^2)

with y_i the seconds of network i, x_ik how often part k stands in it, b_k the seconds of block k alone,
sigma_i what measuring i left open, u_g how fast the device was in the stretch g that i was timed in, t_i what
timing i again would change, and v_i how far network i misses the sum of its parts. Networks with nearly the
same parts miss alike (A): the anchor each time that it is timed, and networks that differ in one part. Taken
as independent, they would make the misfit look small. Speed, repeat and misfit multiply what is expected:
were they to multiply y_i, a small scale and a slow device would explain everything.

What is between parts (`between`) stands among them with b_k = 0 and a spread of its own: changes of the order
of memory, and how large all weights are together.

The scale s, the prior's relative spread r, its floor f, the misfit m, the spread d of stretches and that of
repeats q are those under which the measurements are most probable (evidence: MacKay, Neural Computation 4,
1992; Bishop, Pattern Recognition and Machine Learning, 3.5). The posterior is the ridge regression towards
s b; its covariance is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

Array = NDArray[np.float64]

_START = {"scale": 1.0, "spread": 0.2, "floor": 0.02, "misfit": 0.005, "drift": 0.005, "repeat": 0.005}
_LOW = {"scale": 0.2, "spread": 0.01, "floor": 1e-4, "misfit": 2e-4, "drift": 1e-5, "repeat": 1e-5}
_HIGH = {"scale": 5.0, "spread": 2.0, "floor": 1.0, "misfit": 0.3, "drift": 0.3, "repeat": 0.3}


class Hyper(NamedTuple):
    """What the evidence chose.

    Attributes:
        scale: of a block inside a network over the block alone.
        spread: standard deviation of a part around that, as a share of it.
        floor: standard deviation that every part has besides, as a share of the mean block.
        misfit: standard deviation of a network around the sum of its parts, as a share of its cost.
        drift: standard deviation of a stretch's speed, as a share.
        repeat: standard deviation between two timings of one network in one stretch, as a share: a process
            finds its memory elsewhere each time, which no round of one timing shows.
    """

    scale: float
    spread: float
    floor: float
    misfit: float
    drift: float = 0.0
    repeat: float = 0.0

    @property
    def apart(self) -> float:
        """Standard deviation of one measured network around the sum of its parts, as a share of its cost."""
        return float(np.sqrt(self.misfit**2 + self.drift**2 + self.repeat**2))


@dataclass(frozen=True)
class Observed:
    """Whole networks that were measured.

    Attributes:
        counts: (networks, parts) how often each part stands in each.
        values: (networks,) seconds or joules.
        sigmas: (networks,) standard deviation of each value.
        groups: (networks,) which were timed together; None where each was on its own.
        totals: (networks,) what a network costs in all, where `values` leave out a part of it that is known.
        doubt: (networks, networks) covariance of what was left out.
        alike: (networks, networks) from 0 to 1, how far two miss the sums of their parts alike; None where
            each misses on its own.
    """

    counts: Array
    values: Array
    sigmas: Array
    groups: NDArray[np.int64] | None = None
    totals: Array | None = None
    doubt: Array | None = None
    alike: Array | None = None

    @property
    def whole(self) -> Array:
        """(networks,) what each costs in all."""
        return self.values if self.totals is None else self.totals

    def apart(self, hyper: Hyper) -> Array:
        """(networks, networks) covariance, as shares, of what networks miss sums by, speeds included."""
        alone = np.eye(len(self.values))
        alike = alone if self.alike is None else self.alike
        together = alone if self.groups is None else self.groups[:, None] == self.groups[None, :]
        found: Array = hyper.misfit**2 * alike + hyper.drift**2 * together + hyper.repeat**2 * alone
        return found


@dataclass(frozen=True)
class Posterior:
    """Costs of all parts: mean, (parts,), and covariance, (parts, parts), in units of the values fitted."""

    mean: Array
    covariance: Array
    hyper: Hyper

    def predict(self, counts: Array, rest: Array | float = 0.0) -> tuple[Array, Array]:
        """(mean, standard deviation) of networks with these `counts` (networks, parts), misfit included.

        Args:
            rest: (networks,) what other parts cost in each, taken as exact.
        """
        mean: Array = counts @ self.mean + rest
        variance = np.einsum("ik,kl,il->i", counts, self.covariance, counts)
        return mean, np.sqrt(np.maximum(variance, 0) + (self.hyper.apart * mean) ** 2)


def fit_costs(blocks: Array, observed: Observed, loose: Array | float = 0.0) -> Posterior:
    """The posterior of what parts cost, given `blocks` (parts,) measured alone and `observed` networks.

    Args:
        loose: (parts,) standard deviation that each has besides, in blocks of mean cost: of what is no block,
            is 0 alone, and may add or save something in a network. 0 for blocks.
    """
    names = list(_START)
    low = np.log([_LOW[name] for name in names])
    high = np.log([_HIGH[name] for name in names])

    def surprise(logs: Array) -> float:
        return _surprise(blocks, observed, Hyper(*np.exp(np.clip(logs, low, high)).tolist()), loose)

    begin = np.log([_first_scale(blocks, observed), *list(_START.values())[1:-1]])
    options = {"maxiter": 1000, "xatol": 1e-3, "fatol": 1e-3}
    # First as if timings repeated exactly, then with all: from afar, six unknowns at once end anywhere.
    with threadpool_limits(
        limits=1
    ):  # threads that wait for one another: fifty times as long on a busy machine
        plain = minimize(
            lambda logs: surprise(np.append(logs, low[-1])), begin, method="Nelder-Mead", options=options
        )
        repeat = np.log(_START["repeat"])
        found = minimize(surprise, np.append(plain.x, repeat), method="Nelder-Mead", options=options)
    best = found.x if found.fun < plain.fun else np.append(plain.x, low[-1])
    hyper = Hyper(*np.exp(np.clip(best, low, high)).tolist())
    return refit(blocks, observed, hyper, loose)


def _first_scale(blocks: Array, observed: Observed) -> float:
    """What a sum of blocks has to be multiplied by, roughly; 1 where no network holds any of them."""
    sums = observed.counts @ blocks
    ratios = observed.values[sums > 0] / sums[sums > 0]
    ratio = float(np.median(ratios)) if len(ratios) else 1.0
    return min(max(ratio, _LOW["scale"]), _HIGH["scale"])


def _prior(blocks: Array, hyper: Hyper, loose: Array | float) -> tuple[Array, Array]:
    """(mean, variance) of each part."""
    mean = hyper.scale * blocks
    is_block = np.broadcast_to(np.asarray(loose) == 0.0, mean.shape)
    usual = mean[is_block].mean()
    sigma = hyper.spread * mean + (hyper.floor * is_block + loose) * usual
    return mean, sigma**2


def _noise(observed: Observed, hyper: Hyper, prior: Array) -> Array:
    """(networks, networks) covariance of what is measured around sums of parts, `prior` (parts,) expected."""
    expected = observed.whole - observed.values + observed.counts @ prior
    noise: Array = np.diag(observed.sigmas**2) + observed.apart(hyper) * np.outer(expected, expected)
    return noise if observed.doubt is None else noise + observed.doubt


def _surprise(blocks: Array, observed: Observed, hyper: Hyper, loose: Array | float = 0.0) -> float:
    """Minus the logarithm of the evidence, up to a constant."""
    mean, variance = _prior(blocks, hyper, loose)
    covariance = (observed.counts * variance) @ observed.counts.T + _noise(observed, hyper, mean)
    factor = cho_factor(covariance, lower=True)
    rest = observed.values - observed.counts @ mean
    return float(0.5 * rest @ cho_solve(factor, rest) + np.log(np.diag(factor[0])).sum())


def refit(blocks: Array, observed: Observed, hyper: Hyper, loose: Array | float = 0.0) -> Posterior:
    """The posterior under a `hyper` that is known."""
    prior, variance = _prior(blocks, hyper, loose)
    mean, covariance = update(prior, np.diag(variance), observed, _noise(observed, hyper, prior))
    return Posterior(mean, covariance, hyper)


def update(mean: Array, covariance: Array, observed: Observed, noise: Array) -> tuple[Array, Array]:
    """Mean and covariance after `observed` networks, whose values vary by `noise`, (networks, networks)."""
    spread = covariance @ observed.counts.T
    factor = cho_factor(observed.counts @ spread + noise, lower=True)
    gain: Array = cho_solve(factor, spread.T).T
    rest = observed.values - observed.counts @ mean
    left = covariance - gain @ spread.T
    return mean + gain @ rest, (left + left.T) / 2
