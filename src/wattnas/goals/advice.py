"""What a little more or less accuracy costs, and what to relax where a wish is too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from wattnas.goals.model import Knowledge
from wattnas.goals.paths import path_of
from wattnas.goals.picker import Picker
from wattnas.goals.problem import Selection, SelectionProblem
from wattnas.goals.records import Share, TrainedRecord
from wattnas.goals.select import select
from wattnas.seeding import derive_seed

_STEP = 0.02
"""Of the front, and to the next cheaper and the next better network: share of the images."""
_FRONT = 8
_MEDIAN = 0.5


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Neighbour(_Part):
    """An architecture that nobody has trained: what it costs, and the accuracy the model expects.

    Attributes:
        operations: one candidate per layer.
        accuracy: predicted, on new images, 0 to 1; as likely above as below.
        costs: predicted; joules, seconds, bytes and counts by their names.
    """

    operations: tuple[str, ...]
    accuracy: Share
    costs: dict[str, float]


class Relaxation(_Part):
    """What one bound, or the goal, would have to be for the rest of the wish to be possible.

    Attributes:
        name: "goal_accuracy", or the cost that is bounded.
        asked, needed: in its unit; `needed` is None where relaxing it alone does not help.
    """

    name: str
    asked: float
    needed: float | None


class Advice(_Part):
    """`advice.json`.

    Attributes:
        minimize: the cost that was made small.
        chosen: the returned network with its measured validation accuracy.
        per_point: cost -> what one point (0.01) more accuracy adds to it near the chosen network, predicted.
        cheaper, better: the next networks on the predicted front, about two points away.
        front: the least cost for accuracies around the chosen one, predicted.
        epochs: that the chosen network was trained for, and that all others are expected to be.
        relax: where the wish was not reached.
    """

    minimize: str
    chosen: Neighbour
    per_point: dict[str, float]
    cheaper: Neighbour | None
    better: Neighbour | None
    front: tuple[Neighbour, ...]
    epochs: Annotated[int, Field(ge=1)] | None = None
    relax: tuple[Relaxation, ...] = ()


@dataclass(frozen=True)
class Adviser:
    """Asks the models of a loop that has ended.

    Attributes:
        picker: of the loop.
        knowledge: what it knew at its end.
    """

    picker: Picker
    knowledge: Knowledge

    def advise(self, chosen: TrainedRecord, *, reached: bool, epochs: int | None = None) -> Advice:
        """The advice about the network `chosen`, which was trained for so many epochs."""
        at, cost = self._own(chosen), self.picker.wish.minimize
        front = tuple(self._front(chosen.accuracy, chosen.times))
        less = [n for n in front if n.costs[cost] < at.costs[cost] and n.accuracy < at.accuracy - _STEP / 2]
        more = [n for n in front if n.costs[cost] > at.costs[cost] and n.accuracy > at.accuracy + _STEP / 2]
        cheaper = max(less, key=lambda neighbour: neighbour.accuracy, default=None)
        better = min(more, key=lambda neighbour: neighbour.accuracy, default=None)
        return Advice(
            minimize=self.picker.wish.minimize,
            chosen=at,
            per_point=_per_point(cheaper, better),
            cheaper=cheaper,
            better=better,
            front=front,
            epochs=epochs,
            relax=() if reached else tuple(self._relaxations(self._longest(chosen))),
        )

    def _longest(self, chosen: TrainedRecord) -> int:
        """Times the usual epochs: as long as the loop would have trained to reach more than `chosen`."""
        lengths = self.picker.wish.settings.lengths
        return max(chosen.times, lengths[-1] if chosen.is_unfinished else 1)

    def _own(self, record: TrainedRecord) -> Neighbour:
        path = path_of(record.operations, self.picker.layout)
        return Neighbour(operations=record.operations, accuracy=record.accuracy, costs=self._costs(path))

    def _costs(self, path: Tensor) -> dict[str, float]:
        return {name: float(value[0]) for name, value in self.picker.costs.of(path[None]).items()}

    def _front(self, accuracy: float, times: int) -> list[Neighbour]:
        """From cheap to accurate, without those that another one beats in both; all trained for `times` the
        usual epochs."""
        found: list[Neighbour] = []
        for place in range(-_FRONT // 2, _FRONT // 2 + 1):
            goal = accuracy + place * _STEP
            if 0.0 < goal < 1.0:
                neighbour = self._cheapest(goal, times)
                if neighbour is not None:
                    found.append(neighbour)
        cost = self.picker.wish.minimize
        return [
            one
            for one in found
            if not any(
                other.accuracy >= one.accuracy and other.costs[cost] < one.costs[cost] for other in found
            )
        ]

    def _cheapest(self, goal: float, times: int) -> Neighbour | None:
        """The cheapest architecture of which the model expects `goal`, bounds left out."""
        problem = self._problem(goal, {}, times)
        found = self._select(problem, "advice", round(goal * 1000))
        return self._neighbour(problem, found.path) if found.feasible else None

    def _neighbour(self, problem: SelectionProblem, path: Tensor) -> Neighbour:
        gates = problem.inherited.shape.gates(path[None])
        mean, _ = problem.accuracy.predict(problem.features(gates))
        operations = tuple(self.picker.layout.space.candidates[column] for column in path.tolist())
        return Neighbour(
            operations=operations, accuracy=float(torch.sigmoid(mean)[0]), costs=self._costs(path)
        )

    def _problem(self, goal: float | None, bounds: Mapping[str, float], times: int) -> SelectionProblem:
        problem = self.picker.over(times).problem(self.knowledge, goal)
        return replace(problem, bounds=bounds, confidence=_MEDIAN)

    def _select(self, problem: SelectionProblem, *where: str | int) -> Selection:
        settings, wish = self.picker.wish.settings, self.picker.wish
        return select(
            problem,
            self.picker.seeds(),
            method=settings.method,
            evaluations=max(settings.evaluations // 2, 100),
            seed=derive_seed(wish.seed, *where),
        )

    def _relaxations(self, times: int) -> list[Relaxation]:
        """Each part of the wish on its own, relaxed until the model expects the rest to be possible."""
        wish = self.picker.wish
        found: list[Relaxation] = []
        if wish.goal is not None:
            problem = self._problem(None, wish.bounds, times)
            best = self._select(problem, "relax", "goal")
            needed = self._neighbour(problem, best.path).accuracy if best.feasible else None
            if needed is not None and needed >= wish.goal:
                needed = None  # the model hopes for it, the trainings did not reach it
            found.append(Relaxation(name="goal_accuracy", asked=wish.goal, needed=needed))
        for name, bound in wish.bounds.items():
            others = {key: value for key, value in wish.bounds.items() if key != name}
            asked = replace(self._problem(wish.goal, others, times), minimize=name)
            best = self._select(asked, "relax", name)
            needed = self._costs(best.path)[name] if best.feasible else None
            found.append(
                Relaxation(
                    name=name, asked=bound, needed=None if needed is not None and needed <= bound else needed
                )
            )
        return found


def _per_point(cheaper: Neighbour | None, better: Neighbour | None) -> dict[str, float]:
    """The slope between the two, per 0.01; nothing where one is missing."""
    if cheaper is None or better is None or better.accuracy - cheaper.accuracy < _STEP / 4:
        return {}
    points = 100.0 * (better.accuracy - cheaper.accuracy)
    return {name: (better.costs[name] - cheaper.costs[name]) / points for name in ("energy_j", "latency_s")}
