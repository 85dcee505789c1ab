"""Training of a derived network from scratch: one loop, recipes are settings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wattnas.checkpoint import pack_module, pack_optimizer, unpack_module, unpack_optimizer
from wattnas.compute import CPU, Compute
from wattnas.data import Batches, ImageSet
from wattnas.schedule import one_cycle, step_decay
from wattnas.sections import AugmentSettings, TrainSettings
from wattnas.seeding import derive_seed, own_random_state, seed_step
from wattnas.stage import FiniteWatch, Means, Stage, Steps
from wattnas.train.evaluate import count_correct


@dataclass(frozen=True)
class TrainProblem:
    """A training, stated.

    Attributes:
        network: trained in place, from the weights it has.
        images: what it learns from.
        validation: held out; measured after each epoch for the record, nothing is chosen by it.
        flip: whether a mirrored image still shows its class.
        compute: where and in which precision.
    """

    network: nn.Module
    images: ImageSet
    validation: ImageSet
    settings: TrainSettings
    augment: AugmentSettings
    flip: bool
    seed: int
    compute: Compute = CPU


def train(problem: TrainProblem, stage: Stage) -> None:
    """Train `problem.network` with SGD; the weights of the last step are kept.

    Raises:
        NumericError: the loss is not finite; names epoch and step.
    """
    with own_random_state():
        _Training(problem, stage).run()


class _Training:
    def __init__(self, problem: TrainProblem, stage: Stage) -> None:
        self.problem, self.stage, self.settings = problem, stage, problem.settings
        self.compute = problem.compute
        self.network: nn.Module = problem.network.to(  # type: ignore[call-overload]
            device=self.compute.device, memory_format=torch.channels_last
        )
        self._parameters = list(self.network.parameters())
        self.watch = FiniteWatch("Lower train.lr in the settings.")
        s = self.settings
        self.optimizer = torch.optim.SGD(
            self._parameters, s.lr, momentum=s.momentum, weight_decay=s.weight_decay, nesterov=s.nesterov
        )
        self.batches = Batches(
            problem.images,
            batch=s.batch,
            min_steps=s.min_steps,
            augment=problem.augment,
            flip=problem.flip,
            seed=derive_seed(problem.seed, "train"),
            compute=self.compute,
        )
        self.means = Means()
        if stage.tensors is not None:
            unpack_module(self.network, stage.tensors, "net.")
            unpack_optimizer(self.optimizer, stage.tensors, "sgd.")

    def run(self) -> None:
        self.network.train()
        Steps("train", self.settings.epochs, self.batches.steps, self._step, self._log, self._state).run(
            self.stage
        )

    def _step(self, epoch: int, position: int, progress: float) -> None:
        seed_step(self.problem.seed, "train", epoch, position)
        images, labels = self.batches.load(epoch, position)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.lr * self._rate(epoch, progress)
        with self.compute.precision():
            logits = self.network(images)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.settings.label_smoothing)
        self.watch.at(f"train, epoch {epoch}, step {position}")
        self.watch.see(loss)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.compute.average_gradients(self._parameters)
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._parameters, self.settings.clip_norm)
        self.optimizer.step()
        right = (logits.detach().argmax(dim=1) == labels).to(torch.float32).mean()
        self.means.add(loss=loss, accuracy=right)

    def _rate(self, epoch: int, progress: float) -> float:
        if self.settings.schedule == "onecycle":
            return one_cycle(progress, self.settings.warmup)
        return step_decay(epoch, self.settings.milestones, self.settings.gamma)

    def _log(self, epoch: int, position: int) -> None:
        self.watch.check()
        means = self.means.take(self.compute)
        if position + 1 == self.batches.steps:
            validation = self.problem.validation
            means["validation_accuracy"] = count_correct(self.network, validation) / len(validation)
        self.stage.log(epoch=epoch, step=epoch * self.batches.steps + position + 1, **means)
        self.stage.progress.show(epoch=epoch, epochs=self.settings.epochs, **means)

    def _state(self) -> dict[str, Tensor]:
        return pack_module(self.network, "net.") | pack_optimizer(self.optimizer, "sgd.")
