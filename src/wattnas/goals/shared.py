"""The shared supernet: trained once for images, space and recipe, whatever the goal and the device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.checkpoint import pack_module, pack_optimizer, unpack_module, unpack_optimizer
from wattnas.compute import CPU, Compute
from wattnas.data import Batches, ImageSet
from wattnas.goals.paths import draw_paths
from wattnas.schedule import warm_cosine
from wattnas.sections import AugmentSettings, SupernetSettings
from wattnas.seeding import derive_seed, own_random_state, seed_step
from wattnas.space import Layout
from wattnas.stage import FiniteWatch, Means, Stage, Steps
from wattnas.supernet import Supernet


@dataclass(frozen=True)
class SharedProblem:
    """The training of a shared supernet, stated.

    Attributes:
        images: what the weights learn from.
        mean, std: (C,), of pixel values 0 to 1.
        flip: whether a mirrored image still shows its class.
    """

    layout: Layout
    images: ImageSet
    mean: Tensor
    std: Tensor
    settings: SupernetSettings
    augment: AugmentSettings
    flip: bool
    seed: int
    compute: Compute = CPU


def empty_supernet(problem: SharedProblem) -> Supernet:
    """The supernet before its first step: seeded weights, statistics of the images."""
    with own_random_state():
        seed_step(problem.seed, "supernet", "init")
        net = Supernet(problem.layout, "sampled")
    net.normalise_with(problem.mean, problem.std)
    return net.place(problem.compute.device)


def train_shared(problem: SharedProblem, stage: Stage) -> Supernet:
    """Train the supernet on one path per step, drawn by `settings.sampling`; weights alone, no theta.

    Raises:
        NumericError: the loss is not finite; names epoch and step.
    """
    with own_random_state():
        training = _Training(problem, stage)
        training.run()
    return training.net


class _Training:
    def __init__(self, problem: SharedProblem, stage: Stage) -> None:
        self.problem, self.stage, self.settings = problem, stage, problem.settings
        self.net = empty_supernet(problem).train()
        self.watch = FiniteWatch("Lower supernet.lr in the settings.")
        s = self.settings
        self._parameters = self.net.weights()
        self.optimizer = torch.optim.SGD(
            self._parameters, s.lr, momentum=s.momentum, weight_decay=s.weight_decay
        )
        self.batches = Batches(
            problem.images,
            batch=s.batch,
            min_steps=s.min_steps,
            augment=problem.augment,
            flip=problem.flip,
            seed=derive_seed(problem.seed, "supernet"),
            compute=problem.compute,
        )
        self.means = Means()
        if stage.tensors is not None:
            unpack_module(self.net, stage.tensors, "net.")
            unpack_optimizer(self.optimizer, stage.tensors, "sgd.")

    def run(self) -> None:
        s = self.settings
        Steps("supernet", s.epochs, self.batches.steps, self._step, self._log, self._state).run(self.stage)

    def _step(self, epoch: int, position: int, progress: float) -> None:
        s, number = self.settings, epoch * self.batches.steps + position
        seed_step(self.problem.seed, "supernet", epoch, position)
        images, labels = self.batches.load(epoch, position)
        path = draw_paths(self.problem.layout, 1, self.problem.seed, number, s.sampling)[0]
        for group in self.optimizer.param_groups:
            group["lr"] = s.lr * warm_cosine(progress, s.warmup)
        with self.problem.compute.precision():
            logits = self.net.forward_path(images, path)
            loss = F.cross_entropy(logits.float(), labels)
        self.watch.at(f"supernet, epoch {epoch}, step {position}")
        self.watch.see(loss)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if s.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._parameters, s.clip_norm)
        self.optimizer.step()
        right = (logits.detach().argmax(dim=1) == labels).to(torch.float32).mean()
        self.means.add(loss=loss, accuracy=right)

    def _log(self, epoch: int, position: int) -> None:
        self.watch.check()
        means = self.means.take(self.problem.compute)
        self.stage.log(epoch=epoch, step=epoch * self.batches.steps + position + 1, **means)
        self.stage.progress.show(epoch=epoch, epochs=self.settings.epochs, **means)

    def _state(self) -> dict[str, Tensor]:
        return pack_module(self.net, "net.") | pack_optimizer(self.optimizer, "sgd.")
