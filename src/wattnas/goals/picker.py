"""One pick: the cheapest architecture that should do, by what was surveyed and trained so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import torch
from torch import Tensor

from wattnas.device import NetworkCosts
from wattnas.goals.model import Knowledge, shape_of
from wattnas.goals.paths import architecture_of, path_of
from wattnas.goals.problem import SelectionProblem, goal_logit
from wattnas.goals.records import Predicted, TrainedRecord
from wattnas.goals.select import select
from wattnas.goals.survey import Surveyed
from wattnas.goals.wish import Bench, Wish
from wattnas.seeding import derive_seed
from wattnas.space import Layout

_LOOKS = 10
"""Picks whose inherited accuracy is measured before one is trained."""
_RAISE = 0.5
"""Share of what a measured pick misses, by which the aim of the next is raised."""
EVEN = 0.5
"""Confidence of even odds."""
_PILOT_RANGE = 200.0
"""How much less than the usual architecture the cheapest pilot may cost, at most."""
_APART = 1.2
"""Standard deviations between the confidences of two networks that are trained side by side."""
_DEARER = 1.6
"""Times the cost of the cheapest of them: no other one that is trained beside it costs more."""
_AS_LONG = 1.25
"""Times the MACs of the cheapest of them: one that trains for longer lets the other's core idle."""


@dataclass(frozen=True)
class Pick:
    """An architecture (layers,), what is expected of it, and its cost.

    Attributes:
        missed: log-odds by which it misses the aim at the confidence that was asked for; infinite where it
            breaks a bound.
        chance: probability that it reaches the aim and keeps the bounds.
        macs: of it, with stem and head.
        times: of the usual epochs, how many its training is to take.
    """

    path: Tensor
    predicted: Predicted
    cost: float
    missed: float
    chance: float
    macs: float
    times: int = 1

    @property
    def work(self) -> float:
        """What its training takes, in units that compare."""
        return self.macs * self.times


class Picker:
    """Knows what a bench has measured, and picks by it for one wish on one device.

    Args:
        layout: the space at its input.
        costs: of the device.
        wish: what is asked for.
        bench: measures inherited accuracies; what it has trained is known.
        times: of the usual epochs, how many the picks are to be trained for.
    """

    def __init__(self, layout: Layout, costs: NetworkCosts, wish: Wish, bench: Bench, times: int = 1) -> None:
        self.layout, self.costs, self.wish, self._bench = layout, costs, wish, bench
        self.times = times
        self._shape = shape_of(layout, costs)

    def over(self, times: int) -> Picker:
        """The same for trainings of so many times the usual epochs."""
        if times == self.times:
            return self
        return Picker(self.layout, self.costs, self.wish, self._bench, times)

    def knowledge(self) -> Knowledge:
        """The models, from all that was measured so far."""
        return Knowledge.gather(
            self.layout,
            self._shape,
            self._bench.survey(),
            self._bench.trained(),
            self.wish.images,
        )

    def problem(self, knowledge: Knowledge, goal: float | None) -> SelectionProblem:
        """The selection of the wish, for `goal` on validation images."""
        return SelectionProblem(
            costs=self.costs,
            inherited=knowledge.inherited,
            accuracy=knowledge.accuracy,
            minimize=self.wish.minimize,
            goal=goal,
            bounds=self.wish.bounds,
            confidence=self.wish.settings.confidence,
            times=self.times,
        )

    def seeds(self) -> Tensor:
        """(N, layers): surveyed and trained architectures, to begin selections with."""
        known = [entry.operations for entry in self._bench.survey()]
        known += [record.operations for record in self._bench.trained()]
        paths: Tensor = torch.unique(torch.stack([path_of(entry, self.layout) for entry in known]), dim=0)
        return paths

    def cost(self, operations: Sequence[str]) -> float:
        """The cost to be minimised, of one architecture."""
        return float(self.costs.of(path_of(operations, self.layout)[None])[self.wish.minimize])

    def operations(self, path: Tensor) -> tuple[str, ...]:
        """Names of the candidates of `path` (layers,)."""
        return architecture_of(path, self.layout).operations

    def keeps_bounds(self, operations: Sequence[str]) -> bool:
        """Whether predicted costs keep every bound of the wish."""
        return self._keeps(path_of(operations, self.layout), self.wish.bounds)

    def _keeps(self, path: Tensor, bounds: Mapping[str, float]) -> bool:
        costs = self.costs.of(path[None])
        return all(float(costs[name]) <= bound for name, bound in bounds.items())

    # To learn from.

    def pilots(self, known: Sequence[TrainedRecord], wanted: int) -> list[Pick]:
        """As many as wanted, spread over the costs, without those whose cost is about that of a known one.

        Fewer in a space so small that there are no others.
        """
        limits, costs = self._pilot_costs(wanted), [self.cost(record.operations) for record in known]
        found: list[Pick] = []
        for number, most in enumerate(limits):
            least = limits[number - 1] if number else 0.0
            if len(known) + len(found) >= wanted or any(least < cost <= most for cost in costs):
                continue
            beside = [
                *(path_of(record.operations, self.layout) for record in known),
                *(p.path for p in found),
            ]
            pick = self._pilot(number, most, beside)
            if pick is not None:
                found.append(pick)
        return found

    def _pilot(self, number: int, most: float, beside: Sequence[Tensor]) -> Pick | None:
        """The most accurate at its cost; None where all of that cost are known.

        None with more MACs than usual: there is little to learn for the time that their training takes.
        """
        excluded = self._excluded(beside)
        bounds = {"macs": self.usual("macs")}
        bounds[self.wish.minimize] = min(most, bounds.get(self.wish.minimize, math.inf))
        asked = replace(self.problem(self.knowledge(), None), bounds=bounds, excluded=excluded)
        found = self._select(asked, "pilot", number)
        if (excluded == found).all(1).any():
            return None
        return self.judge(found, None, EVEN)

    def _pilot_costs(self, count: int) -> list[float]:
        """What so many may cost: spread evenly on a logarithmic axis, up to the usual architecture's."""
        high = self.usual(self.wish.minimize)
        low = max(float(self.costs.of(self._cheapest()[None])[self.wish.minimize]), high / _PILOT_RANGE)
        return [low * float((high / low) ** ((place + 0.25) / count)) for place in range(count)]

    def usual(self, cost: str) -> float:
        """The median of a cost over the survey: that of a usual architecture."""
        return float(self.costs.of(surveyed_paths(self._bench.survey(), self.layout))[cost].median())

    def least_cost(self) -> float:
        """What no architecture costs less than; 0 for memory, which is no sum over layers."""
        if self.wish.minimize not in self.costs.tables:
            return 0.0
        return float(self.costs.of(self._cheapest()[None])[self.wish.minimize])

    def _cheapest(self) -> Tensor:
        """(layers,): the least of the cost in every layer (for memory, of the parameters)."""
        return self.costs.tables.get(self.wish.minimize, self.costs.tables["params"]).argmin(1)

    # To meet the wish.

    def picks(
        self,
        least: float | None,
        confidence: float,
        place: int,
        count: int,
        limit: float = math.inf,
    ) -> list[Pick]:
        """So many, to be trained side by side: from a cheap and daring one to a dear and sure one.

        Args:
            least: accuracy on validation images that they should reach; None for the most there is.
            confidence: probability with which the one in the middle does.
            place: rounds before.
            count: how many.
            limit: most that each may cost.
        """
        middle = NormalDist().inv_cdf(confidence)
        limit = min(limit, self.wish.bounds.get(self.wish.minimize, math.inf))
        picks: list[Pick] = []
        for number in range(count):
            certain = NormalDist().cdf(middle + _APART * (number - (count - 1) / 2))
            most = min(limit, _DEARER * picks[0].cost) if picks else limit
            picks.append(self._pick(least, certain, place, picks, most))
        return picks

    def _pick(
        self,
        least: float | None,
        confidence: float,
        place: int,
        beside: Sequence[Pick],
        limit: float,
    ) -> Pick:
        """The cheapest architecture that should do, once its own inherited accuracy is measured.

        A selector returns what the model of inherited accuracies flatters most. So each pick is measured, the
        model learns from it, and another pick is made with the aim raised by what the last one missed, until
        one holds or the looks are used up; then the one that misses least is returned.

        Args:
            beside: what is trained at the same time, the cheapest first.
            limit: most that it may cost.
        """
        bounds = dict(self.wish.bounds)
        if beside:
            bounds["macs"] = _AS_LONG * beside[0].macs
        elif self.times > 1 and (known := self._bench.trained()):
            # One step into the unknown at a time: longer or larger.
            largest = max(self._macs(path_of(record.operations, self.layout)) for record in known)
            bounds["macs"] = max(largest, self.usual("macs"))
        if math.isfinite(limit):
            bounds[self.wish.minimize] = min(limit, bounds.get(self.wish.minimize, math.inf))
        found: list[Pick] = []
        raised = 0.0
        for number in range(_LOOKS):
            excluded = self._excluded([pick.path for pick in (*beside, *found)])
            aim = None if least is None else _share_of(goal_logit(least) + raised)
            problem = self.problem(self.knowledge(), aim)
            asked = replace(problem, excluded=excluded, confidence=confidence, bounds=bounds)
            path = self._select(asked, "round", place + len(beside), number)
            found.append(self.judge(path, least, confidence))
            if least is not None and found[-1].missed <= 0.0 and self._keeps(path, bounds):
                return found[-1]
            raised += _RAISE * min(found[-1].missed, 1.0)
        # Where fewer keep the limits than were looked at, the last ones do not.
        best = min(found, key=lambda pick: (not self._keeps(pick.path, bounds), pick.missed))
        if least is None or self._keeps(best.path, bounds):
            return best
        # Being sure is not worth that: the most accurate within the limits says where to go on.
        return self.judge(self._pick(None, EVEN, place, beside, limit).path, least, EVEN)

    def judge(self, path: Tensor, least: float | None, confidence: float) -> Pick:
        """What is to be expected of `path`, with its inherited accuracy measured."""
        looked = self._bench.look(path)
        knowledge = self.knowledge()
        mean, sigma = knowledge.log_odds(path, looked, self.times)
        lower = mean - NormalDist().inv_cdf(confidence) * sigma
        keeps = self.keeps_bounds(self.operations(path))
        wanted = 0.0 if least is None else goal_logit(least)
        chance = 1.0 if least is None else 1.0 - NormalDist(mean, sigma).cdf(wanted)
        return Pick(
            path=path,
            predicted=knowledge.predict(path, looked, self.times),
            cost=self.cost(self.operations(path)),
            missed=wanted - lower if keeps else math.inf,
            chance=chance if keeps else 0.0,
            macs=self._macs(path),
            times=self.times,
        )

    def _macs(self, path: Tensor) -> float:
        return float(self.costs.of(path[None])["macs"])

    def _select(self, problem: SelectionProblem, *where: str | int) -> Tensor:
        settings = self.wish.settings
        return select(
            problem,
            self.seeds(),
            method=settings.method,
            evaluations=settings.evaluations,
            seed=derive_seed(self.wish.seed, "select", *where, *((self.times,) if self.times > 1 else ())),
        ).path

    def _excluded(self, beside: Sequence[Tensor] = ()) -> Tensor:
        """(N, layers): architectures that are trained already, as long or longer, and the paths `beside`."""
        known = [record for record in self._bench.trained() if record.times >= self.times]
        trained = [path_of(record.operations, self.layout) for record in known]
        paths = [*trained, *beside]
        return torch.stack(paths) if paths else torch.zeros(0, len(self.layout.layers), dtype=torch.int64)


def missed(pick: Pick) -> float:
    """Log-odds by which it misses the aim."""
    return pick.missed


def _share_of(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def surveyed_paths(survey: Sequence[Surveyed], layout: Layout) -> Tensor:
    """(N, layers) of surveyed architectures."""
    return torch.stack([path_of(entry.operations, layout) for entry in survey])
