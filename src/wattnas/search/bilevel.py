"""The two steps of a bilevel search: one for the weights, one for theta."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.objective import Loss, Terms, check_finite
from wattnas.schedule import warm_cosine
from wattnas.search.base import SearchProblem
from wattnas.supernet import Supernet, contrast, gumbel_noise, mixture_gates, sample_path, straight_through

Logged = dict[str, Tensor]
Estimate = tuple[Tensor, Tensor, Tensor]


class Bilevel:
    """Supernet, optimizers and how one step of each works.

    The optimizers leave candidates without a gradient alone, so a sampled step costs what its path costs.
    """

    def __init__(self, problem: SearchProblem) -> None:
        self.problem, self.settings = problem, problem.settings
        self.net = Supernet(problem.layout, problem.settings.mode)
        self.net.normalise_with(problem.splits.mean, problem.splits.std)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.net.train()
        s = self.settings
        self.weights = torch.optim.SGD(
            self.net.weights(), s.weight_lr, momentum=s.weight_momentum, weight_decay=s.weight_decay
        )
        self.theta = torch.optim.Adam([self.net.theta], s.theta_lr, weight_decay=s.theta_weight_decay)

    def temperature(self, epoch: int) -> float:
        """Temperature of the gates in `epoch`."""
        return self.settings.temperature * math.exp(-self.settings.temperature_decay * epoch)

    def weight_step(
        self, images: Tensor, labels: Tensor, *, epoch: int, progress: float, where: str
    ) -> Logged:
        """One step of the weights on (N, C, H, W) images; returns what to log. `progress` is 0 to 1."""
        theta = self.net.theta.detach()
        noise = gumbel_noise(theta)
        if self.settings.mode == "mixture":
            gates = mixture_gates(theta, self.temperature(epoch), noise)
            logits = self.net.forward_mixture(images, gates)
        else:
            gates = theta.softmax(dim=-1)
            logits = self.net.forward_path(images, sample_path(theta, noise))
        cross_entropy, accuracy = F.cross_entropy(logits, labels), batch_accuracy(logits, labels)
        loss = self._objective(cross_entropy, accuracy, gates, where)
        self._set_rate(progress)
        self.weights.zero_grad(set_to_none=True)
        (loss.total if self.settings.weight_loss == "total" else cross_entropy).backward()  # type: ignore[no-untyped-call]
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.net.weights(), self.settings.clip_norm)
        self.weights.step()
        return {"weight_cross_entropy": cross_entropy, "weight_accuracy": accuracy}

    def _set_rate(self, progress: float) -> None:
        rate = self.settings.weight_lr * warm_cosine(progress, self.settings.weight_warmup)
        for group in self.weights.param_groups:
            group["lr"] = rate

    def theta_step(self, images: Tensor, labels: Tensor, *, epoch: int, where: str) -> Logged:
        """One step of theta on images the weights never see; returns what to log."""
        if self.settings.mode == "mixture":
            cross_entropy, accuracy, gates = self._mixed(images, labels, epoch)
        elif self.settings.estimator == "contrast":
            cross_entropy, accuracy, gates = self._contrasted(images, labels)
        else:
            cross_entropy, accuracy, gates = self._straight_through(
                images, labels, epoch, self.settings.estimator
            )
        loss = self._objective(cross_entropy, accuracy, gates, where)
        # Only theta's gradient is asked for: the engine then leaves out those of the weights.
        (self.net.theta.grad,) = torch.autograd.grad(loss.total, [self.net.theta])
        self.theta.step()
        latency_s, energy_j = self.problem.costs.expected(gates.detach())
        logged = {"cross_entropy": cross_entropy, "accuracy": accuracy}
        return logged | loss.named() | {"latency_s": latency_s, "energy_j": energy_j}

    # Each returns (cross-entropy (), batch accuracy (), gates that weigh the costs (layers, candidates)). In
    # sampled mode those are softmax(theta), the distribution of the paths: they give the exact expected cost.

    def _mixed(self, images: Tensor, labels: Tensor, epoch: int) -> Estimate:
        theta = self.net.theta
        gates = mixture_gates(theta, self.temperature(epoch), gumbel_noise(theta.detach()))
        logits = self.net.forward_mixture(images, gates)
        return F.cross_entropy(logits, labels), batch_accuracy(logits, labels), gates

    def _contrasted(self, images: Tensor, labels: Tensor) -> Estimate:
        theta = self.net.theta
        paths = [sample_path(theta, gumbel_noise(theta.detach())) for _ in range(self.settings.theta_paths)]
        with torch.no_grad():
            outputs = [self.net.forward_path(images, path) for path in paths]
            losses = torch.stack([F.cross_entropy(logits, labels) for logits in outputs])
            accuracy = torch.stack([batch_accuracy(logits, labels) for logits in outputs]).mean()
        return contrast(theta, paths, losses), accuracy, theta.softmax(dim=-1)

    def _straight_through(
        self, images: Tensor, labels: Tensor, epoch: int, estimator: Literal["score", "gdas"]
    ) -> Estimate:
        theta = self.net.theta
        noise = gumbel_noise(theta.detach())
        path = sample_path(theta, noise)
        hard = straight_through(theta, path, noise, self.temperature(epoch), estimator)
        logits = self.net.forward_path(images, path, hard)
        return F.cross_entropy(logits, labels), batch_accuracy(logits, labels), theta.softmax(dim=-1)

    def _objective(self, cross_entropy: Tensor, accuracy: Tensor, gates: Tensor, where: str) -> Loss:
        latency_s, energy_j = self.problem.costs.expected(gates)
        loss = self.problem.objective(Terms(cross_entropy, accuracy, latency_s, energy_j))
        check_finite(loss, where)
        return loss


def batch_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of the batch classified right, (), without gradient."""
    return (logits.detach().argmax(dim=1) == labels).to(torch.float32).mean()
