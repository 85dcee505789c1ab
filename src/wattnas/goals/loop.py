"""The closed loop: pick, train, measure on validation images, learn, pick again; in bounded rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from wattnas.device import NetworkCosts
from wattnas.goals.paths import path_of
from wattnas.goals.picker import EVEN, Pick, Picker, missed
from wattnas.goals.records import TrainedRecord
from wattnas.goals.wish import Bench, Kind, Outcome, Round, Wish
from wattnas.space import Layout

_GAIN_WITHIN, _GAIN_ABOVE = 0.15, 0.01
"""Share of the cost that a cheaper network has to save to be trained, where the best is within the tolerance
or above it."""
_FAIR = 0.3
"""Chance to reach the aim with which a network is trained where a core would idle."""
_SLIGHT = 0.1
"""Chance to reach the aim from which on a plan is weighed by the work that it takes."""
_WORTH = 0.25
"""Share of the best odds for the work that a cheaper network needs: its training is paid once, what it
saves with every image."""
_HOPELESS = 0.025
"""Chance of the network that comes closest below which the goal is out of reach: the aim lies above the 95 %
interval of its accuracy. Trainings for a smaller chance are of the longest that there are."""
_LONG_ALONE = 1
"""Networks that are trained at once for longer than usual: what one teaches may spare the next."""
_USED_UP = "the rounds are used up"
_OUT_OF_REACH = "no architecture is expected to reach the goal within the bounds"


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

    Attributes:
        picker: makes the picks.
        rounds: so far.
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
        self.layout, self.wish, self._bench = layout, wish, bench
        self.picker = Picker(layout, costs, wish, bench)
        self._keep, self.rounds = keep, list(rounds)

    def run(self) -> Outcome:
        """Rounds until the wish is met, nothing better is to be expected, or they are used up."""
        self._bench.survey()
        self._finish()
        pilots = self.picker.pilots(self._bench.trained(), self.wish.settings.pilots)
        if pilots:
            # All at once, so that no core waits.
            self._train("pilot", pilots)
        reason = _USED_UP
        while self._left > 0:
            plan = self._plan()
            if not isinstance(plan, str):
                self._train("round", plan)
                reason = _USED_UP
                continue
            reason = f"{plan}{self._however_long()}" if plan == _OUT_OF_REACH else plan
            best = self._best_to_expect() if plan == _OUT_OF_REACH else None
            if best is None:
                break
            # It may teach that the goal can be reached after all.
            self._train("best", [best])
        return self._outcome(reason)

    def _however_long(self) -> str:
        longest = self.wish.settings.lengths[-1]
        return f", trained for up to {longest} times the usual epochs" if self._may_learn_longer() else ""

    # Rounds.

    def _plan(self) -> list[Pick] | str:
        """What to train next, as many as are trained at once; or why nothing more."""
        least, most = self.wish.aim
        best = self._best_known(least)
        if self.wish.goal is None:
            return self._plan_without_goal(best)
        if best is None:
            return self._plan_to_reach(least)
        gain = _GAIN_WITHIN if best.accuracy <= most else _GAIN_ABOVE
        limit = (1.0 - gain) * self.picker.cost(best.operations)
        if limit < self.picker.least_cost():
            return "no network of the space is cheaper"
        # What is good already is not trained for longer than usual again to save a little.
        longest = best.times if best.accuracy > most else 1
        plan = self._weighed(lambda times: self._plan_below(limit, times, least), longest)
        return plan or "no network that is cheaper is expected to reach the goal"

    def _plan_below(self, limit: float, times: int, least: float) -> list[Pick]:
        """What costs at most `limit` and should do; nothing where nothing should.

        With a network in hand that will do, a miss costs a training and no more: even odds are enough.
        """
        picks = [pick for pick in self._picks(least, EVEN, limit, times) if pick.cost <= limit]
        able = [pick for pick in picks if pick.missed <= 0.0]
        return _filled(able, picks) if able else []

    def _plan_to_reach(self, least: float) -> list[Pick] | str:
        """Networks that should reach `least`, or come closest; the reason where all hope is gone."""
        longest = self.wish.settings.lengths[-1] if self._may_learn_longer() else 1
        plan = self._weighed(lambda times: self._plan_over(times, least), longest)
        return _OUT_OF_REACH if _chance(plan) < _HOPELESS else plan

    def _weighed(self, plan_for: Callable[[int], list[Pick]], longest: int) -> list[Pick]:
        """The plan for the usual training; where that one is none, has no even odds or is of networks larger
        than usual, it is weighed against those for up to `longest` times the epochs."""
        usual = plan_for(1)
        if usual and _chance(usual) >= EVEN and _work(usual) <= self.picker.usual("macs"):
            return usual
        longer = (plan_for(times) for times in self.wish.settings.lengths[1:] if times <= longest)
        plans = [plan for plan in (usual, *longer) if plan]
        return _worthwhile(plans) if plans else []

    def _plan_over(self, times: int, least: float) -> list[Pick]:
        """What to train for `times` the usual epochs: what should do, or what comes closest.

        Long trainings of networks that are large to be sure take longest of all: even odds are enough there.
        """
        confidence = self.wish.settings.confidence if times == 1 else EVEN
        picks = self._picks(least, confidence, times=times)
        able = [pick for pick in picks if pick.missed <= 0.0] or [min(picks, key=missed)]
        return _filled(able, picks)

    def _may_learn_longer(self) -> bool:
        """Whether it is allowed, and the most accurate network so far still errs on its training images."""
        if self.wish.settings.longer == 1:
            return False
        known = self._most_accurate()
        return known is None or known.is_unfinished

    @property
    def _left(self) -> int:
        """Networks that may still be trained."""
        return self.wish.settings.rounds - self._count("round") - self._count("best")

    def _best_to_expect(self) -> Pick | None:
        """Where nothing reaches the goal: the most accurate network within the bounds, trained as usual, if
        it should be clearly better than those that are known. Once."""
        if self._count("best") or self._best_known(self.wish.goal or 0.0) is not None:
            return None
        pick, known = self._picks(None, EVEN)[0], self._most_accurate()
        is_better = known is None or self._is_clearly_better(pick, known)
        return pick if math.isfinite(pick.missed) and is_better else None

    def _plan_without_goal(self, best: TrainedRecord | None) -> list[Pick] | str:
        picks = [p for p in self._picks(None, self.wish.settings.confidence) if math.isfinite(p.missed)]
        if not picks:
            return "no architecture is found that keeps the bounds"
        if best is None or not self._count("round"):
            return picks
        able = [pick for pick in picks if self._is_clearly_better(pick, best)]
        return able or "no network within the bounds is expected to be clearly more accurate"

    def _is_clearly_better(self, pick: Pick, known: TrainedRecord) -> bool:
        """By more than one standard deviation of what so many validation images say, at most."""
        return pick.predicted.accuracy > known.accuracy + math.sqrt(0.25 / self.wish.images)

    def _picks(
        self, least: float | None, confidence: float, limit: float = math.inf, times: int = 1
    ) -> list[Pick]:
        """As many as are trained at once: from a cheap and daring one to a dear and sure one."""
        together = self._bench.members if times == 1 else _LONG_ALONE
        count = min(together, self._left)
        return self.picker.over(times).picks(least, confidence, self._count("round"), count, limit)

    def _best_known(self, least: float) -> TrainedRecord | None:
        """Of the trained networks that reach `least` within the bounds, the cheapest; without a goal the most
        accurate."""
        if self.wish.goal is None:
            return self._most_accurate()
        return min(
            (record for record in self._within_bounds() if record.accuracy >= least),
            key=lambda record: (self.picker.cost(record.operations), -record.accuracy),
            default=None,
        )

    def _most_accurate(self) -> TrainedRecord | None:
        """Of the trained networks within the bounds."""
        return max(self._within_bounds(), key=lambda record: record.accuracy, default=None)

    def _within_bounds(self) -> list[TrainedRecord]:
        return [r for r in self._bench.trained() if self.picker.keeps_bounds(r.operations)]

    def _train(self, kind: Kind, picks: Sequence[Pick]) -> None:
        for pick in picks:
            operations = self.picker.operations(pick.path)
            self.rounds.append(Round(kind, operations, pick.predicted, times=pick.times))
        self._keep(self.rounds)
        self._finish()

    def _finish(self) -> None:
        """Train what was begun and is not trained."""
        begun = [place for place, entry in enumerate(self.rounds) if entry.correct is None]
        if not begun:
            return
        entries = [self.rounds[place] for place in begun]
        # All of one turn are trained for the same time.
        records = self._bench.train_all(
            [(path_of(entry.operations, self.layout), entry.predicted) for entry in entries], entries[0].times
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
        return self._most_accurate() or max(self._bench.trained(), key=lambda record: record.accuracy)


def _worthwhile(plans: Sequence[list[Pick]]) -> list[Pick]:
    """Of plans for different lengths of training the cheapest whose odds for their work are not too far from
    the best; of nothing but slight chances the likeliest."""
    hopeful = [plan for plan in plans if _chance(plan) >= _SLIGHT]
    if not hopeful:
        return max(plans, key=_chance)
    best = max(map(_odds, hopeful))
    worth = [plan for plan in hopeful if _odds(plan) >= _WORTH * best]
    # Of a daring and a sure network the sure one is what the plan's chance is made of.
    return min(worth, key=lambda plan: _likeliest(plan).cost)


def _likeliest(plan: Sequence[Pick]) -> Pick:
    """The network of a plan with the best chance to reach the aim."""
    return max(plan, key=lambda pick: pick.chance)


def _chance(plan: Sequence[Pick]) -> float:
    return _likeliest(plan).chance


def _work(plan: Sequence[Pick]) -> float:
    """Side by side, the largest decides how long it takes."""
    return max(pick.work for pick in plan)


def _odds(plan: Sequence[Pick]) -> float:
    return _chance(plan) / _work(plan)


def _filled(able: list[Pick], picks: Sequence[Pick]) -> list[Pick]:
    """`able`, and beside them those of the other picks that have a fair chance, as cores would idle else."""
    chosen = {tuple(pick.path.tolist()) for pick in able}
    others = [pick for pick in picks if tuple(pick.path.tolist()) not in chosen]
    return able + [pick for pick in others if pick.chance >= _FAIR]
