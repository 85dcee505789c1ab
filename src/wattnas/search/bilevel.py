"""The two steps of a bilevel search: one for the weights, one for theta."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.compute import Compute
from wattnas.objective import Loss, Terms
from wattnas.schedule import warm_cosine
from wattnas.search.base import SearchProblem
from wattnas.stage import FiniteWatch
from wattnas.supernet import (
    Supernet,
    contrast,
    gumbel_noise,
    mixture_gates,
    sample_path,
    sample_two,
    straight_through,
    two_path_gates,
)

Logged = dict[str, Tensor]
Estimate = tuple[Tensor, Tensor, Tensor]


class Bilevel:
    """Supernet, optimizers and how one step of each works.

    The optimizers leave candidates without a gradient alone, so a sampled step costs what its path costs.
    Weights and images are where `compute` says; theta, gates and costs stay on the host. A weight step does
    not wait for the device. A theta step does once, for its losses.
    """

    def __init__(self, problem: SearchProblem) -> None:
        self.problem, self.settings = problem, problem.settings
        self.compute: Compute = problem.compute
        self.net = Supernet(problem.layout, problem.settings.mode, problem.settings.checkpointed)
        self.net.normalise_with(problem.splits.mean, problem.splits.std)
        self.net.place(self.compute.device).train()
        self.watch = FiniteWatch("Lower search.weight_lr in the settings, or see the device's cost table.")
        s = self.settings
        self._parameters = self.net.weights()
        self.weights = torch.optim.SGD(
            self._parameters, s.weight_lr, momentum=s.weight_momentum, weight_decay=s.weight_decay
        )
        self.theta = torch.optim.Adam([self.net.theta], s.theta_lr, weight_decay=s.theta_weight_decay)

    def temperature(self, epoch: int) -> float:
        """Temperature of the gates in `epoch`."""
        return self.settings.temperature * math.exp(-self.settings.temperature_decay * epoch)

    def weight_step(self, images: Tensor, labels: Tensor, *, epoch: int, progress: float) -> Logged:
        """One step of the weights on (N, C, H, W) images; returns what to log. `progress` is 0 to 1."""
        theta = self.net.theta.detach()
        noise = gumbel_noise(theta)
        with self.compute.precision():
            if self.settings.mode == "mixture":
                gates = mixture_gates(theta, self.temperature(epoch), noise)
                logits = self.net.forward_mixture(images, self._sent(gates))
            else:
                gates = theta.softmax(dim=-1)
                logits = self.net.forward_path(images, sample_path(theta, noise))
            cross_entropy = F.cross_entropy(logits.float(), labels)
        accuracy = batch_accuracy(logits, labels)
        loss = cross_entropy
        if self.settings.weight_loss == "total":
            loss = self._total(cross_entropy, accuracy, gates)
        self.watch.see(loss)
        self._set_rate(progress)
        self.weights.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.compute.average_gradients(self._parameters)
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._parameters, self.settings.clip_norm)
        self.weights.step()
        return {"weight_cross_entropy": cross_entropy, "weight_accuracy": accuracy}

    def _total(self, cross_entropy: Tensor, accuracy: Tensor, gates: Tensor) -> Tensor:
        """The objective as the weights see it: costs are constants."""
        (everyones,) = self.compute.average([accuracy])
        latency_s, energy_j = (self._sent(cost) for cost in self.problem.costs.expected(gates))
        return self.problem.objective(Terms(cross_entropy, everyones, latency_s, energy_j)).total

    def _sent(self, tensor: Tensor) -> Tensor:
        """`tensor` where the weights are; the host does not wait for it."""
        return tensor.to(self.compute.device, non_blocking=True)

    def _set_rate(self, progress: float) -> None:
        rate = self.settings.weight_lr * warm_cosine(progress, self.settings.weight_warmup)
        for group in self.weights.param_groups:
            group["lr"] = rate

    def theta_step(self, images: Tensor, labels: Tensor, *, epoch: int) -> Logged:
        """One step of theta on images the weights never see; returns what to log."""
        with self.compute.precision():
            if self.settings.mode == "mixture":
                cross_entropy, accuracy, gates = self._mixed(images, labels, epoch)
            elif self.settings.estimator == "contrast":
                cross_entropy, accuracy, gates = self._contrasted(images, labels)
            elif self.settings.estimator == "two_path":
                cross_entropy, accuracy, gates = self._two_paths(images, labels)
            else:
                cross_entropy, accuracy, gates = self._straight_through(
                    images, labels, epoch, self.settings.estimator
                )
        cross_entropy, accuracy = cross_entropy.cpu(), accuracy.cpu()
        # Only the accuracy of the whole batch tells whether the goal is reached. Every objective is linear in
        # the cross-entropy, so the mean of the gradients is the gradient of the mean.
        (everyones,) = self.compute.average([accuracy])
        latency_s, energy_j = self.problem.costs.expected(gates)
        loss = self.problem.objective(Terms(cross_entropy, everyones, latency_s, energy_j))
        self.watch.see(loss.total)
        # Only theta's gradient is asked for: the engine then leaves out those of the weights.
        (gradient,) = torch.autograd.grad(loss.total, [self.net.theta])
        (self.net.theta.grad,) = self.compute.average([gradient])
        self.theta.step()
        return {"cross_entropy": cross_entropy, "accuracy": accuracy} | loss.named() | _costs(loss)

    # Each returns (cross-entropy (), batch accuracy (), gates that weigh the costs (layers, candidates)). In
    # sampled mode those are softmax(theta), the distribution of the paths: they give the exact expected cost.

    def _mixed(self, images: Tensor, labels: Tensor, epoch: int) -> Estimate:
        theta = self.net.theta
        gates = mixture_gates(theta, self.temperature(epoch), gumbel_noise(theta.detach()))
        logits = self.net.forward_mixture(images, self._sent(gates))
        return F.cross_entropy(logits.float(), labels), batch_accuracy(logits, labels), gates

    def _contrasted(self, images: Tensor, labels: Tensor) -> Estimate:
        theta = self.net.theta
        paths = [sample_path(theta, gumbel_noise(theta.detach())) for _ in range(self.settings.theta_paths)]
        with torch.no_grad():
            outputs = [self.net.forward_path(images, path) for path in paths]
            losses = torch.stack([F.cross_entropy(logits.float(), labels) for logits in outputs])
            accuracy = torch.stack([batch_accuracy(logits, labels) for logits in outputs]).mean()
        (losses,) = self.compute.average([losses.cpu()])
        return contrast(theta, paths, losses), accuracy, theta.softmax(dim=-1)

    def _two_paths(self, images: Tensor, labels: Tensor) -> Estimate:
        theta = self.net.theta
        pair = sample_two(theta, gumbel_noise(theta.detach()))
        gates = two_path_gates(theta, pair, gumbel_noise(theta.detach()[:, :2]))
        logits = self.net.forward_path(images, pair, self._sent(gates))
        return F.cross_entropy(logits.float(), labels), batch_accuracy(logits, labels), theta.softmax(dim=-1)

    def _straight_through(
        self, images: Tensor, labels: Tensor, epoch: int, estimator: Literal["score", "gdas"]
    ) -> Estimate:
        theta = self.net.theta
        noise = gumbel_noise(theta.detach())
        path = sample_path(theta, noise)
        hard = straight_through(theta, path, noise, self.temperature(epoch), estimator)
        logits = self.net.forward_path(images, path, self._sent(hard))
        return F.cross_entropy(logits.float(), labels), batch_accuracy(logits, labels), theta.softmax(dim=-1)


def _costs(loss: Loss) -> Logged:
    return {"latency_s": loss.terms.latency_s.detach(), "energy_j": loss.terms.energy_j.detach()}


def batch_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of the batch classified right, (), without gradient."""
    return (logits.detach().argmax(dim=1) == labels).to(torch.float32).mean()
