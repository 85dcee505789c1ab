"""A space of 4,096 architectures with a simulated truth, and a bench that knows it instead of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Generator, Tensor

from tests.builds import round_profile
from wattnas.device import NetworkCosts, network_costs
from wattnas.device.many import Spread
from wattnas.goals import ClosedLoop, Predicted, Round, SelectionProblem, TrainedRecord, Wish
from wattnas.goals.model import Knowledge, shape_of
from wattnas.goals.paths import architecture_of, draw_paths, path_of
from wattnas.goals.survey import Surveyed
from wattnas.sections import SelectSettings
from wattnas.seeding import derive_seed
from wattnas.space import Layout, Space
from wattnas.space.load import parse_space

CANDIDATES = ("k3_e1", "k5_e3", "k3_e6", "skip")
IMAGES = 1000
SPACE = """
name: toy
input: {channels: [1], min_size: 8, max_size: 8}
stem: {channels: 8}
stages: [{channels: 8, layers: 2}, {channels: 12, layers: 2, stride: 2}, {channels: 16, layers: 2, stride: 2}]
candidates: [CANDIDATES]
head: {channels: 16}
"""


def space(candidates: Sequence[str] = CANDIDATES) -> Space:
    return parse_space(SPACE.replace("CANDIDATES", ", ".join(candidates)), "toy")


def layout(candidates: Sequence[str] = CANDIDATES) -> Layout:
    """Six layers; the third and the fifth change width and stride."""
    return Layout.resolve(space(candidates), classes=10)


def every_path(shapes: Layout) -> Tensor:
    """(N, layers): all architectures."""
    return torch.cartesian_prod(*[torch.arange(len(shapes.candidates))] * len(shapes.layers))


def costs_of(shapes: Layout, seed: int = 0, *, spread: float = 0.0) -> NetworkCosts:
    """Counts of the space; seconds and joules drawn at random, more for candidates that are larger.

    Args:
        spread: standard deviation of the seconds of each cell, as a share; all cells err independently.
    """
    generator = Generator().manual_seed(seed)
    counted = network_costs(round_profile(shapes), shapes)
    macs = counted.tables["macs"]
    shaken = (0.5 + torch.rand(2, *macs.shape, generator=generator, dtype=torch.float64)) * (macs + 1e3)
    seconds, joules = shaken[0] * 1e-8, shaken[1] * 1e-7
    tables = counted.tables | {"latency_s": seconds, "energy_j": joules}
    spreads: tuple[Spread, ...] = ()
    if spread:
        cells = torch.arange(seconds.numel()).view(seconds.shape)
        matrix = torch.diag((spread * seconds.flatten()) ** 2)
        spreads = (Spread(cells, torch.zeros(seconds.numel(), dtype=torch.float64), matrix, 0.0),)
    return replace(counted, tables=tables, spreads=spreads)


@dataclass(frozen=True)
class Truth:
    """What a training of every architecture would reach.

    Attributes:
        gains: (layers, candidates) log-odds that each block adds.
        level: log-odds of the architecture without blocks.
        curve: how much deep ones lose of the sum, in log-odds per squared share of layers.
    """

    gains: Tensor
    level: float
    curve: float = 0.0

    @classmethod
    def of(cls, shapes: Layout, seed: int = 0, *, level: float = -0.5, curve: float = 0.6) -> Truth:
        """Larger blocks gain more, but not in the order of what they cost."""
        generator = Generator().manual_seed(derive_seed(seed, "truth"))
        macs = network_costs(round_profile(shapes), shapes).tables["macs"]
        size = (1.0 + macs / macs.median()).log()
        works = torch.tensor([0.0 if c.is_skip else 1.0 for c in shapes.candidates], dtype=torch.float64)
        shaken = 0.5 + torch.rand(*size.shape, generator=generator, dtype=torch.float64)
        return cls(0.6 * size * shaken * works, level, curve)

    def logits(self, paths: Tensor) -> Tensor:
        """(N,) log-odds after training, of (N, layers)."""
        total = self.gains.gather(1, paths.t()).sum(0)
        blocks = (self.gains.gather(1, paths.t()) > 0).to(torch.float64).mean(0)
        return self.level + total - self.curve * blocks**2

    def accuracies(self, paths: Tensor) -> Tensor:
        """(N,), 0 to 1."""
        return self.logits(paths).sigmoid()

    def inherited(self, paths: Tensor) -> Tensor:
        """(N,) log-odds with the supernet's weights: lower, and spread less."""
        return 0.7 * self.logits(paths) - 0.6


def counted(log_odds: float, n: int, seed: int, *where: str | int, noise: float = 0.0) -> int:
    """Of `n` images those that are right: binomial, after a training that missed by `noise` log-odds."""
    generator = Generator().manual_seed(derive_seed(seed, *where))
    missed = noise * float(torch.randn((), generator=generator, dtype=torch.float64))
    share = 1.0 / (1.0 + math.exp(-(log_odds + missed)))
    return int((torch.rand(n, generator=generator, dtype=torch.float64) < share).sum())


class Cut(Exception):
    """The process was killed."""


@dataclass
class FakeBench:
    """Knows the truth, and what was asked of it; the same path always measures the same.

    Attributes:
        cut_at: number of the training, from 0, that is killed: before it when `is_late` is false, else after
            its record was kept.
        members: networks that are trained side by side.
        doubling: log-odds that twice the epochs bring.
        learned: accuracy on training images that every network ends with.
        lengths: how long each that was asked for was to be trained, in order.
    """

    shapes: Layout
    truth: Truth
    seed: int = 0
    noise: float = 0.05
    images: int = IMAGES
    surveyed: int = 96
    cut_at: int | None = None
    is_late: bool = False
    members: int = 1
    doubling: float = 0.0
    learned: float | None = None
    lengths: list[int] = field(default_factory=list)
    records: list[TrainedRecord] = field(default_factory=list)
    looked: list[Surveyed] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def survey(self) -> list[Surveyed]:
        if not self.looked:
            paths = draw_paths(self.shapes, self.surveyed, self.seed)
            self.looked = [self._look(path) for path in paths]
        return list(self.looked)

    def look(self, path: Tensor) -> Surveyed:
        found = self._look(path)
        if found.operations not in {entry.operations for entry in self.survey()}:
            self.looked.append(found)
        return found

    def trained(self) -> list[TrainedRecord]:
        return list(self.records)

    def train_all(
        self, jobs: Sequence[tuple[Tensor, Predicted | None]], times: int = 1
    ) -> list[TrainedRecord]:
        return [self.train(path, predicted, times) for path, predicted in jobs]

    def train(self, path: Tensor, predicted: Predicted | None = None, times: int = 1) -> TrainedRecord:
        operations = self._operations(path)
        for record in self.records:
            if (record.operations, record.times) == (operations, times):
                return record
        number = len(self.records)
        if self.cut_at == number and not self.is_late:
            raise Cut
        self.asked.append(operations)
        self.lengths.append(times)
        found = self.look(path)
        self.records.append(
            TrainedRecord(
                operations=operations,
                correct=counted(
                    float(self.truth.logits(path[None])) + self.doubling * math.log2(times),
                    self.images,
                    self.seed,
                    "train",
                    *operations,
                    noise=self.noise,
                ),
                n=self.images,
                inherited_correct=found.correct,
                inherited_n=found.n,
                predicted=predicted,
                times=times,
                learned=self.learned,
                seconds=1.0,
                date=f"2026-01-01T00:00:{number:02d}+00:00",
            )
        )
        if self.cut_at == number:
            raise Cut
        return self.records[-1]

    def _operations(self, path: Tensor) -> tuple[str, ...]:
        return architecture_of(path, self.shapes).operations

    def _look(self, path: Tensor) -> Surveyed:
        operations = self._operations(path)
        log_odds = float(self.truth.inherited(path[None]))
        return Surveyed(
            operations=operations, correct=counted(log_odds, 500, self.seed, "look", *operations), n=500
        )


def wish(
    goal: float | None = 0.7,
    *,
    minimize: str = "energy_j",
    seed: int = 0,
    bounds: Any = None,
    **settings: Any,
) -> Wish:
    """A wish with settings that take little time."""
    chosen = SelectSettings.model_validate({"evaluations": 5000, "pilots": 3, "rounds": 5} | settings)
    return Wish(goal, minimize, bounds or {}, IMAGES, chosen, seed)


def loop(
    bench: FakeBench,
    wished: Wish,
    costs: NetworkCosts | None = None,
    keep: Callable[[Sequence[Round]], None] = lambda rounds: None,
    rounds: Sequence[Round] = (),
) -> ClosedLoop:
    """A loop on that bench; by default with the costs of seed 0."""
    return ClosedLoop(bench.shapes, costs or costs_of(bench.shapes), wished, bench, keep, rounds)


def knowledge(bench: FakeBench, costs: NetworkCosts, trained: int = 6) -> Knowledge:
    """The models after a survey, and after so many trainings of surveyed networks."""
    for entry in bench.survey()[:trained]:
        bench.train(path_of(entry.operations, bench.shapes))
    return Knowledge.gather(
        bench.shapes,
        shape_of(bench.shapes, costs),
        bench.survey(),
        bench.trained(),
        bench.images,
    )


def problem(
    seed: int = 0, *, spread: float = 0.0, candidates: Sequence[str] = CANDIDATES, **changed: Any
) -> SelectionProblem:
    """A selection over the toy space, by models of one seed; by default least joules for 70 %."""
    shapes = layout(candidates)
    costs = costs_of(shapes, seed, spread=spread)
    known = knowledge(FakeBench(shapes, Truth.of(shapes, seed), seed), costs)
    stated: dict[str, Any] = {"minimize": "energy_j", "goal": 0.7, "bounds": {}, "confidence": 0.7}
    return SelectionProblem(costs, known.inherited, known.accuracy, **(stated | changed))


def survey_seeds(stated: SelectionProblem, count: int = 16) -> Tensor:
    """(N, layers): random architectures to begin a selection with."""
    generator = Generator().manual_seed(5)
    return torch.randint(stated.candidates, (count, stated.layers), generator=generator)
