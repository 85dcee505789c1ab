"""Bilevel differentiable search: weights and theta learn in turn, on disjoint images.

Methods S1 and S2 of Ozawa et al., FBNet (Wu et al.) and HANNA (Srinivas et al.) differ in the objective
alone.
"""

from __future__ import annotations

from torch import Tensor

from wattnas.checkpoint import pack_module, pack_optimizer, unpack_module, unpack_optimizer
from wattnas.data import Batches, ImageSet
from wattnas.search.base import SearchProblem, SearchResult
from wattnas.search.bilevel import Bilevel
from wattnas.seeding import derive_seed, own_random_state, seed_step
from wattnas.stage import Means, Stage, Steps
from wattnas.supernet import entropy


def search_differentiable(problem: SearchProblem, stage: Stage) -> SearchResult:
    """Train the supernet and theta; the architecture is theta's arg max.

    Raises:
        NumericError: a loss is not finite; names epoch and step.
    """
    with own_random_state():
        search = _Search(problem, stage)
        search.run()
    net = search.bilevel.net
    return SearchResult(net.derive(), net.theta.detach().clone(), net.derived_weights())


class _Search:
    """The loop: which step comes when, what is logged and kept."""

    def __init__(self, problem: SearchProblem, stage: Stage) -> None:
        self.problem, self.stage, self.settings = problem, stage, problem.settings
        seed_step(problem.seed, "search", "init")
        self.bilevel = Bilevel(problem)
        self.weights = self._batches(problem.splits.weights, "weights", self.settings.min_steps)
        share = len(problem.splits.theta) / len(problem.splits.weights)
        self.theta = self._batches(problem.splits.theta, "theta", round(self.settings.min_steps * share))
        self.means = Means()
        if stage.tensors is not None:
            unpack_module(self.bilevel.net, stage.tensors, "net.")
            unpack_optimizer(self.bilevel.weights, stage.tensors, "weights.")
            unpack_optimizer(self.bilevel.theta, stage.tensors, "theta.")

    def _batches(self, images: ImageSet, name: str, min_steps: int) -> Batches:
        return Batches(
            images,
            batch=self.settings.batch,
            min_steps=min_steps,
            augment=self.problem.augment,
            flip=self.problem.flip,
            seed=derive_seed(self.problem.seed, "search", name),
            compute=self.problem.compute,
        )

    def run(self) -> None:
        Steps("search", self.settings.epochs, self.weights.steps, self._step, self._log, self._state).run(
            self.stage
        )

    def _step(self, epoch: int, position: int, progress: float) -> None:
        where = f"search, epoch {epoch}, step {position}"
        seed_step(self.problem.seed, "search", epoch, position)
        images, labels = self.weights.load(epoch, position)
        self.bilevel.watch.at(where)
        logged = self.bilevel.weight_step(images, labels, epoch=epoch, progress=progress)
        self.means.add(**logged)
        turn = self._theta_turn(epoch, position)
        if turn is not None:
            images, labels = self.theta.load(epoch, turn)
            self.means.add(**self.bilevel.theta_step(images, labels, epoch=epoch))

    def _theta_turn(self, epoch: int, position: int) -> int | None:
        """Which theta step follows this weight step, if any: they are spread evenly over the epoch."""
        if epoch < self.settings.theta_from_epoch:
            return None
        before = position * self.theta.steps // self.weights.steps
        after = (position + 1) * self.theta.steps // self.weights.steps
        return before if after > before else None

    def _log(self, epoch: int, position: int) -> None:
        self.bilevel.watch.check()
        means, theta = self.means.take(self.problem.compute), self.bilevel.net.theta.detach()
        line: dict[str, object] = {"epoch": epoch, "step": epoch * self.weights.steps + position + 1, **means}
        line["entropy"] = round(float(entropy(theta)), 6)
        if position + 1 == self.weights.steps:
            line["temperature"] = round(self.bilevel.temperature(epoch), 6)
            line["probabilities"] = [[round(p, 4) for p in row] for row in theta.softmax(dim=-1).tolist()]
            line["architecture"] = str(self.bilevel.net.derive())
        self.stage.log(**line)
        self.stage.progress.show(epoch=epoch, epochs=self.settings.epochs, **means)

    def _state(self) -> dict[str, Tensor]:
        bilevel = self.bilevel
        return (
            pack_module(bilevel.net, "net.")
            | pack_optimizer(bilevel.weights, "weights.")
            | pack_optimizer(bilevel.theta, "theta.")
        )
