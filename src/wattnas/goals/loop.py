"""The closed loop: pick, train, measure on validation images, learn, pick again; in bounded rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
from wattnas.goals.wish import Bench, Kind, Outcome, Round, Wish
from wattnas.seeding import derive_seed
from wattnas.space import Layout

_LOOKS = 10
"""Picks whose inherited accuracy is measured before one is trained."""
_GAIN_WITHIN, _GAIN_ABOVE = 0.3, 0.01
"""Share of the cost that a cheaper network has to save to be tried, where the best is within the tolerance or
above it."""
_EVEN = 0.5
_OUT_OF_REACH = "no architecture is expected to reach the goal within the bounds"
_RAISE = 0.5
"""Share of what a measured pick misses, by which the aim of the next is raised."""
_HARDLY_MORE = 1.1
"""Times the cost of a pick: a network that was tried and should do is trained instead."""
_PILOT_RANGE = 200.0
"""How much less than the usual architecture the cheapest pilot may cost, at most."""
_TRIALS = 4
"""Turns of trials before one round, at most."""
_PILOT_TRIALS = 3
"""Networks that are tried for each pilot."""
_APART = 1.2
"""Standard deviations between the confidences of two networks that are trained side by side."""
_HOPELESS = 3.0
"""Standard deviations by which the best architecture may miss the goal and still be tried."""


@dataclass(frozen=True)
class _Pick:
    """An architecture (layers,), what is expected of it, its cost, the log-odds by which it misses the aim.

    `is_hopeless` where it breaks a bound, or even a lucky training would not reach the aim.
    """

    path: Tensor
    predicted: Predicted
    cost: float
    missed: float
    is_hopeless: bool


class ClosedLoop:
    """Selection for one wish on one device.

    Args:
        layout: the space at its input.
        costs: of the device.
        wish: what is asked for.
        bench: does the measuring and training.
        keep: called with all rounds whenever one changes, before and after each training, so that a run that
            was cut off goes on with `rounds`.
        rounds: of a run that was cut off.
    """

    def __init__(
        self,
        layout: Layout,
        costs: NetworkCosts,
        wish: Wish,
        bench: Bench,
        keep: Callable[[Sequence[Round]], None] = lambda rounds: None,
        rounds: Sequence[Round] = (),
    ) -> None:
        self.layout, self.costs, self.wish, self._bench = layout, costs, wish, bench
        self._keep, self.rounds = keep, list(rounds)
        self._shape = shape_of(layout, costs)

    def run(self) -> Outcome:
        """Rounds until the wish is met, nothing better is to be expected, or they are used up."""
        self._bench.survey()
        self._finish()
        if self._count("best"):
            return self._outcome(_OUT_OF_REACH)
        self._train_pilots()
        reason = "the rounds are used up"
        while self._count("round") < self.wish.settings.rounds:
            plan = self._plan()
            if isinstance(plan, str):
                reason = plan
                break
            self._train("round", plan)
        self._train_the_best()
        return self._outcome(reason)

    # Knowing.

    def knowledge(self) -> Knowledge:
        """The models, from all that was measured so far."""
        return Knowledge.gather(
            self.layout,
            self._shape,
            self._bench.survey(),
            self._bench.trained(),
            self.wish.images,
            self._bench.tried() if self._bench.has_trials else (),
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

    # Pilots.

    def _train_pilots(self) -> None:
        """All that are missing at once: each would learn little from the others, and cores would wait."""
        wanted, known = self.wish.settings.pilots, len(self._bench.trained())
        if known >= wanted:
            return
        if self._bench.has_trials:
            many = _PILOT_TRIALS * wanted
            self._bench.try_all([pick.path for pick in self._pilots(len(self._bench.tried()), many)])
        picks = self._pilots(known, wanted)
        if self._bench.has_trials:
            self._bench.try_all([pick.path for pick in picks])
            picks = [self._judge(pick.path, None, _EVEN) for pick in picks]
        if picks:
            self._train("pilot", picks)

    def _pilots(self, known: int, wanted: int) -> list[_Pick]:
        """Those that are missing of as many as wanted."""
        picks: list[_Pick] = []
        for number in range(known, wanted):
            found = self._pilot(number, wanted, picks)
            if found is None:
                break
            picks.append(found)
        return picks

    def _pilot(self, number: int, wanted: int, beside: Sequence[_Pick]) -> _Pick | None:
        """The most accurate at its cost; None in a space so small that all of that cost are known."""
        excluded = self._excluded(beside)
        most = self._pilot_cost(number, wanted)
        asked = replace(
            self.problem(self.knowledge(), None), bounds={self.wish.minimize: most}, excluded=excluded
        )
        found = self._select(asked, "pilot", number)
        if (excluded == found).all(1).any():
            return None
        return self._judge(found, None, _EVEN)

    def _pilot_cost(self, number: int, count: int) -> float:
        """What pilot `number` may cost: spread evenly on a logarithmic axis, up to the usual architecture's.

        The middle comes first, then the ends, so that few pilots say most.
        """
        cost = self.wish.minimize
        surveyed = self.costs.of(surveyed_paths(self._bench.survey(), self.layout))[cost]
        high = float(surveyed.median())
        low = max(float(self.costs.of(self._cheapest()[None])[cost]), high / _PILOT_RANGE)
        places = sorted(range(count), key=lambda place: abs(place - (count - 1) / 2))
        share = (places[number] + 0.25) / count
        return low * float((high / low) ** share)

    def _cheapest(self) -> Tensor:
        """(layers,): the least of the cost in every layer (for memory, of the parameters)."""
        return self.costs.tables.get(self.wish.minimize, self.costs.tables["params"]).argmin(1)

    # Rounds.

    def _plan(self) -> list[_Pick] | str:
        """What to train next, as many as are trained at once; or why nothing more."""
        least, most = self.wish.aim
        best = self._best_known(least)
        if self.wish.goal is None:
            return self._plan_without_goal(best)
        if best is None:
            picks = self._picks(least, self.wish.settings.confidence)
            able = [pick for pick in picks if pick.missed <= 0.0] or [min(picks, key=_missed)]
            return _OUT_OF_REACH if able[0].missed > 0.0 and able[0].is_hopeless else able
        gain = _GAIN_WITHIN if best.accuracy <= most else _GAIN_ABOVE
        limit = (1.0 - gain) * self.cost(best.operations)
        # With a network in hand that will do, a miss costs a training and no more: even odds are enough.
        cheaper = [pick for pick in self._picks(least, _EVEN, limit) if pick.cost <= limit]
        if not cheaper:
            return "no network that should reach the goal is much cheaper"
        able = [pick for pick in cheaper if pick.missed <= 0.0]
        return able or "no cheaper network is expected to reach the goal"

    def _train_the_best(self) -> None:
        """Where nothing reaches the goal and a round is left: the most accurate network within the bounds."""
        if self.wish.goal is None or self._best_known(self.wish.goal) is not None:
            return
        if self._count("round") < self.wish.settings.rounds:
            pick, known = self._picks(None, _EVEN)[0], self._best_known(0.0)
            if math.isfinite(pick.missed) and (known is None or pick.predicted.accuracy > known.accuracy):
                self._train("best", [pick])

    def _plan_without_goal(self, best: TrainedRecord | None) -> list[_Pick] | str:
        picks = [p for p in self._picks(None, self.wish.settings.confidence) if math.isfinite(p.missed)]
        if not picks:
            return "no architecture is found that keeps the bounds"
        if best is None or not self._count("round"):
            return picks
        noise = math.sqrt(0.25 / self.wish.images)
        able = [pick for pick in picks if pick.predicted.accuracy > best.accuracy + noise]
        return able or "no network within the bounds is expected to be clearly more accurate"

    def _picks(self, least: float | None, confidence: float, most_cost: float = math.inf) -> list[_Pick]:
        """As many as are trained at once: from a cheap and daring one to a dear and sure one.

        Each that costs no more than `most_cost` is tried before, if there are trials, and all are picked anew
        with what that taught.
        """
        picks = self._picked(least, confidence)
        for _ in range(_TRIALS if self._bench.has_trials else 0):
            tried = {record.operations for record in self._bench.tried()}
            fresh = [
                pick.path
                for pick in picks
                if pick.cost <= most_cost and self._operations(pick.path) not in tried
            ]
            if not fresh:
                break
            self._bench.try_all(fresh)
            picks = self._picked(least, confidence)
        return picks

    def _picked(self, least: float | None, confidence: float) -> list[_Pick]:
        count = min(self._bench.members, self.wish.settings.rounds - self._count("round"))
        middle = NormalDist().inv_cdf(confidence)
        picks: list[_Pick] = []
        for number in range(count):
            certain = NormalDist().cdf(middle + _APART * (number - (count - 1) / 2))
            picks.append(self._better(self._pick(least, certain, picks), least, certain, picks))
        return picks

    def _better(self, pick: _Pick, least: float | None, confidence: float, beside: Sequence[_Pick]) -> _Pick:
        """`pick`, or what was tried and should do where that costs hardly more, or misses less."""
        if not self._bench.has_trials:
            return pick
        out, knowledge = self._excluded(beside), self.knowledge()
        tried = [path_of(record.operations, self.layout) for record in self._bench.tried()]
        found = [
            self._judge(path, least, confidence, knowledge)
            for path in tried
            if not len(out) or not bool((out == path).all(1).any())
        ]
        able = [one for one in found if one.missed <= 0.0] if least is not None else []
        if able:
            settled = min(able, key=lambda one: one.cost)
            return settled if pick.missed > 0.0 or settled.cost <= _HARDLY_MORE * pick.cost else pick
        return pick if least is not None and pick.missed <= 0.0 else min([pick, *found], key=_missed)

    def _pick(self, least: float | None, confidence: float, beside: Sequence[_Pick] = ()) -> _Pick:
        """The cheapest architecture that should do, once its own inherited accuracy is measured.

        A selector returns what the model of inherited accuracies flatters most. So each pick is measured, the
        model learns from it, and another pick is made with the aim raised by what the last one missed, until
        one holds or the looks are used up; then the one that misses least is returned.

        Args:
            beside: what is trained at the same time.
        """
        found: list[_Pick] = []
        raised, place = 0.0, self._count("round") + len(beside)
        for number in range(_LOOKS):
            excluded = self._excluded([*beside, *found])
            aim = None if least is None else _share_of(goal_logit(least) + raised)
            asked = replace(self.problem(self.knowledge(), aim), excluded=excluded, confidence=confidence)
            path = self._select(asked, "round", place, number)
            found.append(self._judge(path, least, confidence))
            if least is not None and found[-1].missed <= 0.0:
                return found[-1]
            raised += _RAISE * min(found[-1].missed, 1.0)
        return min(found, key=_missed)

    def _judge(
        self, path: Tensor, least: float | None, confidence: float, knowledge: Knowledge | None = None
    ) -> _Pick:
        """What is to be expected of `path`, with its inherited accuracy measured."""
        looked = self._bench.look(path)
        knowledge = knowledge or self.knowledge()
        mean, sigma = knowledge.log_odds(path, looked)
        lower = mean - NormalDist().inv_cdf(confidence) * sigma
        keeps = self._keeps_bounds(path)
        wanted = 0.0 if least is None else goal_logit(least)
        return _Pick(
            path=path,
            predicted=knowledge.predict(path, looked),
            cost=self.cost(self._operations(path)),
            missed=wanted - lower if keeps else math.inf,
            is_hopeless=not keeps or mean + _HOPELESS * sigma < wanted,
        )

    def _select(self, problem: SelectionProblem, *where: str | int) -> Tensor:
        settings = self.wish.settings
        return select(
            problem,
            self.seeds(),
            method=settings.method,
            evaluations=settings.evaluations,
            seed=derive_seed(self.wish.seed, "select", *where),
        ).path

    def _operations(self, path: Tensor) -> tuple[str, ...]:
        return architecture_of(path, self.layout).operations

    def _keeps_bounds(self, path: Tensor) -> bool:
        costs = self.costs.of(path[None])
        return all(float(costs[name]) <= bound for name, bound in self.wish.bounds.items())

    def _excluded(self, beside: Sequence[_Pick] = ()) -> Tensor:
        """(N, layers): architectures that are trained already, and those of `beside`."""
        trained = [path_of(record.operations, self.layout) for record in self._bench.trained()]
        paths = [*trained, *(pick.path for pick in beside)]
        return torch.stack(paths) if paths else torch.zeros(0, len(self.layout.layers), dtype=torch.int64)

    def _best_known(self, least: float) -> TrainedRecord | None:
        """Of the trained networks that reach `least` within the bounds, the cheapest; without a goal the most
        accurate."""
        fit = [
            record
            for record in self._bench.trained()
            if record.accuracy >= least and self._keeps_bounds(path_of(record.operations, self.layout))
        ]
        if self.wish.goal is None:
            return max(fit, key=lambda record: record.accuracy, default=None)
        return min(fit, key=lambda record: (self.cost(record.operations), -record.accuracy), default=None)

    def _train(self, kind: Kind, picks: Sequence[_Pick]) -> None:
        for pick in picks:
            self.rounds.append(Round(kind, self._operations(pick.path), pick.predicted))
        self._keep(self.rounds)
        self._finish()

    def _finish(self) -> None:
        """Train what was begun and is not trained."""
        begun = [place for place, entry in enumerate(self.rounds) if entry.correct is None]
        if not begun:
            return
        entries = [self.rounds[place] for place in begun]
        records = self._bench.train_all(
            [(path_of(entry.operations, self.layout), entry.predicted) for entry in entries]
        )
        for place, entry, record in zip(begun, entries, records, strict=True):
            decision = self._judged(entry.kind, record)
            self.rounds[place] = replace(entry, correct=record.correct, n=record.n, decision=decision)
        self._keep(self.rounds)

    def _judged(self, kind: Kind, record: TrainedRecord) -> str:
        if kind == "pilot":
            return "a pilot, to learn from"
        if kind == "best":
            return "the goal is out of reach; the most accurate to be expected"
        if self.wish.goal is None:
            return "measured"
        least, most = self.wish.aim
        if record.accuracy < least:
            return f"misses {least:.1%}, what is aimed at; a better one is needed"
        if record.accuracy > most:
            return f"more than {most:.1%}: a cheaper one should do"
        return "good: within the tolerance"

    def _count(self, kind: Kind) -> int:
        return sum(entry.kind == kind for entry in self.rounds)

    def _outcome(self, reason: str) -> Outcome:
        """The cheapest network that reaches the aim; one that keeps half of the margin where that one is too
        good by more than the tolerance; else the cheapest that reaches the bare goal."""
        least, most = self.wish.aim
        goal = self.wish.goal or 0.0
        found = self._best_known(least)
        if found is None or (self.wish.goal is not None and found.accuracy > most):
            found = self._best_known((least + goal) / 2.0) or self._best_known(goal)
        if found is not None:
            return Outcome(found, True, tuple(self.rounds), reason)
        return Outcome(self._nearest(), False, tuple(self.rounds), reason)

    def _nearest(self) -> TrainedRecord:
        """The most accurate network within the bounds; of none, the most accurate one."""
        trained = self._bench.trained()
        fit = [r for r in trained if self._keeps_bounds(path_of(r.operations, self.layout))]
        return max(fit or trained, key=lambda record: record.accuracy)


def _missed(pick: _Pick) -> float:
    return pick.missed


def _share_of(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def surveyed_paths(survey: Sequence[Surveyed], layout: Layout) -> Tensor:
    """(N, layers) of surveyed architectures."""
    return torch.stack([path_of(entry.operations, layout) for entry in survey])
