"""The four findings of Canziani et al. (arXiv 1605.07678, section 4), tested on networks measured here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from wattnas.analysis.bootstrap import Array, Interval, bootstrap, correlation, line, r_squared
from wattnas.analysis.pareto import pareto_front
from wattnas.analysis.row import Row

Verdict = Literal["holds", "holds in part", "contradicted", "not tested"]
Scale = Callable[[Array], Array]

LEAST = 6
"""Networks below which nothing is concluded."""

_STEADY = 0.1
_DECADE = 100 * np.log(10)  # slope over ln(x) -> points per factor ten
_STRONG, _FAIR = 0.9, 0.7


class Finding(NamedTuple):
    """One claim of the paper and what our measurements say.

    Attributes:
        key: for files.
        claim: as the paper states it.
        fit: the formula that was fitted, with its numbers.
        estimates: name -> value with its 95 % bootstrap interval over networks.
        n: networks it stands on.
        verdict, words: the conclusion, and why.
    """

    key: str
    claim: str
    fit: str
    estimates: dict[str, Interval]
    n: int
    verdict: Verdict
    words: str


def findings(rows: Sequence[Row]) -> list[Finding]:
    """All four, in the paper's order."""
    return [power(rows), hyperbola(rows), energy_bound(rows), operations(rows)]


POWER = "Power consumption is independent of batch size and architecture."
HYPERBOLA = "Accuracy and inference time are in a hyperbolic relationship."
BOUND = "An energy constraint is an upper bound on the achievable accuracy and model complexity."
OPERATIONS = "The number of operations is a reliable estimate of the inference time."


def power(rows: Sequence[Row]) -> Finding:
    """Spread of the measured power between networks, and its slope over the batch size within them."""
    metered = [row for row in rows if any(found.origin == "measured" for found in row.power.values())]
    if len(metered) < LEAST:
        words = (
            f"Power was measured for {len(metered)} networks. Without a meter it is assumed, which says "
            "nothing about the claim."
        )
        return Finding("power", POWER, "", {}, len(metered), "not tested", words)
    means = np.array([np.mean([found.value for found in row.power.values()]) for row in metered])
    slopes = np.array([_batch_slope(row) for row in metered])
    spread = bootstrap(lambda x: float(x.std() / x.mean()), means)
    slope = bootstrap(lambda x: float(np.nanmean(x)), slopes)
    steady = (spread.high <= _STEADY, max(abs(slope.low), abs(slope.high)) <= _STEADY)
    verdict: Verdict = "holds" if all(steady) else "holds in part" if any(steady) else "contradicted"
    words = (
        f"Between networks, power spreads by {spread.value:.1%} of its mean "
        f"({spread.low:.1%} to {spread.high:.1%}); "
        f"doubling the batch changes it by {2**slope.value - 1:+.1%}."
    )
    fit = f"power = {means.mean():.3g} W x batch^{slope.value:.3f}"
    return Finding("power", POWER, fit, {"spread": spread, "slope": slope}, len(metered), verdict, words)


def _batch_slope(row: Row) -> float:
    """d log power / d log batch within one network; NaN where only one batch was measured."""
    batches = np.array(sorted(row.power), dtype=np.float64)
    watts = np.array([row.power[int(batch)].value for batch in batches])
    return line(np.log(batches), np.log(watts))[1]


def hyperbola(rows: Sequence[Row]) -> Finding:
    """best accuracy within a time = a - b / time, against a straight line and a logarithm.

    The paper finds accuracy bounded by a line over images per second (figure 9), a hyperbola over the
    time of one. So the bound is fitted; how much that says of all networks is told beside it.
    """
    used = _comparable([row for row in rows if 1 in row.latency])
    if len(used) < LEAST:
        return _too_few("hyperbola", HYPERBOLA, len(used))
    time, top1 = np.array([row.latency[1].value for row in used]), _top1(used)
    found = _of_the_bound(time, top1)
    bend, gain = found["b [s]"], found["above a line"]
    rises, better = bend.low > 0, gain.low > 0
    verdict: Verdict = (
        "holds" if rises and better else "holds in part" if rises or gain.value > 0 else "contradicted"
    )
    words = (
        f"Of the best accuracy within a time, a - b / t explains {_share(found['R2 of the bound'])}; that is "
        f"{_points(gain)} points against a straight line, and a + b log t explains "
        f"{_points(found['log above it'])} points against it. Of the accuracy of all networks it explains "
        f"{_share(found['R2 of all'])}."
    )
    a, _ = line(1 / np.sort(time), _bound(time, top1))
    fit = f"best top-1 = {a:.3f} {'+' if bend.value < 0 else '-'} {abs(bend.value) * 1e3:.3g} ms / t"
    return Finding("hyperbola", HYPERBOLA, fit, found, len(used), verdict, words)


def _of_the_bound(time: Array, top1: Array) -> dict[str, Interval]:
    def against(other: Scale, one: Scale) -> Callable[[Array, Array], float]:
        return lambda t, y: _bound_explained(t, y, other) - _bound_explained(t, y, one)

    statistics: dict[str, Callable[[Array, Array], float]] = {
        "R2 of the bound": lambda t, y: _bound_explained(t, y, np.reciprocal),
        "above a line": against(np.reciprocal, np.positive),
        "log above it": against(np.log, np.reciprocal),
        "b [s]": lambda t, y: -line(1 / np.sort(t), _bound(t, y))[1],
        "R2 of all": lambda t, y: _explained(1 / t, y),
    }
    return {name: bootstrap(statistic, time, top1) for name, statistic in statistics.items()}


def _share(found: Interval) -> str:
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def _points(found: Interval) -> str:
    return f"{100 * found.value:+.0f} ({100 * found.low:+.0f} to {100 * found.high:+.0f})"


def energy_bound(rows: Sequence[Row]) -> Finding:
    """The best accuracy and the operations that an energy budget allows."""
    used = _comparable([row for row in rows if 1 in row.energy])
    if len(used) < LEAST:
        return _too_few("energy", BOUND, len(used))
    joules = np.array([row.energy[1].value for row in used])
    macs = np.array([row.macs.value for row in used])
    top1 = _top1(used)
    rise = bootstrap(_front_slope, joules, top1)
    complexity = bootstrap(lambda e, m: line(np.log(e), np.log(m))[1], joules, macs)
    fit_of_macs = bootstrap(lambda e, m: correlation(np.log(e), np.log(m)), joules, macs)
    bounds = (rise.low > 0, complexity.low > 0 and fit_of_macs.low > _FAIR)
    verdict: Verdict = "holds" if all(bounds) else "holds in part" if any(bounds) else "contradicted"
    modelled = all(row.energy[1].origin == "modelled" for row in used)
    best = [used[index].title for index in pareto_front(joules.tolist(), top1.tolist())]
    words = (
        f"The best accuracy within a budget rises by {_DECADE * rise.value:.1f} points per factor ten of "
        f"energy ({_DECADE * rise.low:.1f} to {_DECADE * rise.high:.1f}); operations grow with energy to the "
        f"power {complexity}. Front: {', '.join(best)}."
        + (
            " Energy is modelled from time here, so this is a statement about time budgets."
            if modelled
            else ""
        )
    )
    fit = f"best top-1 = c + {rise.value:.3g} ln(E); MACs ~ E^{complexity.value:.2f}"
    estimates = {"front slope": rise, "exponent of MACs": complexity, "r of logarithms": fit_of_macs}
    return Finding("energy", BOUND, fit, estimates, len(used), verdict, words)


def operations(rows: Sequence[Row]) -> Finding:
    """time = a + b MACs at batch 1; how far a network may be off; and what bytes moved add."""
    used = [row for row in rows if 1 in row.latency]
    if len(used) < LEAST:
        return _too_few("operations", OPERATIONS, len(used))
    time = np.array([row.latency[1].value for row in used])
    macs = np.array([row.macs.value for row in used])
    moved = np.array([row.bytes_moved.value for row in used])
    r = bootstrap(correlation, macs, time)
    r_log = bootstrap(lambda m, t: correlation(np.log(m), np.log(t)), macs, time)
    off = bootstrap(_typical_factor, macs, time)
    off_both = bootstrap(_typical_factor_of_both, macs, moved, time)
    worst = _worst(used, macs, time)
    strong = r.low >= _STRONG and off.value <= 1.25
    verdict: Verdict = "holds" if strong else "holds in part" if r.low >= _FAIR else "contradicted"
    words = (
        f"r = {r} between operations and time, {r_log} between their logarithms. Predicted from operations "
        f"alone, half of the networks are off by less than {off.value:.2f} times; the farthest is {worst}. "
        f"With bytes moved as a second term: {off_both.value:.2f}."
    )
    a, b = line(macs, time)
    fit = f"t = {a * 1e3:.3g} ms + {b * 1e12:.3g} ms per G MACs"
    estimates = {"r": r, "r of logarithms": r_log, "typical factor": off, "factor with bytes": off_both}
    return Finding("operations", OPERATIONS, fit, estimates, len(used), verdict, words)


def _comparable(rows: Sequence[Row]) -> list[Row]:
    """Those of the rows whose accuracies were found on the same images; the largest such group."""
    known = [row for row in rows if row.top1 is not None]
    sizes = Counter(row.yardstick for row in known)
    return [row for row in known if row.yardstick == max(sizes, key=lambda name: sizes[name])]


def _top1(rows: Sequence[Row]) -> Array:
    return np.array([row.top1.value for row in rows if row.top1 is not None])


def _explained(x: Array, y: Array) -> float:
    intercept, slope = line(x, y)
    return r_squared(y, intercept + slope * x)


def _bound(costs: Array, top1: Array) -> Array:
    """The best accuracy within each cost, costs in rising order."""
    best: Array = np.maximum.accumulate(top1[np.argsort(costs, kind="stable")])
    return best


def _bound_explained(costs: Array, top1: Array, scale: Scale) -> float:
    """How much of the bound a line over `scale`(cost) explains."""
    return _explained(scale(np.sort(costs)), _bound(costs, top1))


def _front_slope(joules: Array, top1: Array) -> float:
    """Slope of the best accuracy within a budget over the logarithm of the budget."""
    return line(np.log(np.sort(joules)), _bound(joules, top1))[1]


def _typical_factor(macs: Array, time: Array) -> float:
    """Median factor between measured time and a power law of the operations."""
    return _factor(np.stack([np.ones_like(macs), np.log(macs)], axis=1), time)


def _typical_factor_of_both(macs: Array, moved: Array, time: Array) -> float:
    return _factor(np.stack([np.ones_like(macs), np.log(macs), np.log(moved)], axis=1), time)


def _factor(columns: Array, time: Array) -> float:
    return float(np.exp(np.median(np.abs(_residuals(columns, time)))))


def _residuals(columns: Array, time: Array) -> Array:
    solution, *_ = np.linalg.lstsq(columns, np.log(time), rcond=None)
    residuals: Array = np.log(time) - columns @ solution
    return residuals


def _worst(rows: Sequence[Row], macs: Array, time: Array) -> str:
    off = _residuals(np.stack([np.ones_like(macs), np.log(macs)], axis=1), time)
    index = int(np.argmax(np.abs(off)))
    speed = "slower" if off[index] > 0 else "faster"
    return f"{rows[index].title}, {np.exp(abs(off[index])):.1f} times {speed}"


def _too_few(key: str, claim: str, n: int) -> Finding:
    words = f"{n} networks have what it needs; {LEAST} are the least that anything is concluded from."
    return Finding(key, claim, "", {}, n, "not tested", words)
