"""The two steps of a bilevel search: one for the weights, one for theta."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.objective import Loss, Terms, check_finite
from wattnas.schedule import warm_cosine
from wattnas.search.base import SearchProblem
from wattnas.supernet import Supernet, gumbel_noise, mixture_gates, sample_path, straight_through


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

    def weight_step(self, images: Tensor, labels: Tensor, *, epoch: int, progress: float, where: str) -> dict[str, Tensor]:
        """One step of the weights on (N, C, H, W) images; returns what to log. `progress` is 0 to 1."""
        with torch.no_grad():
            gates, path, _ = self._gates(self.net.theta, epoch)
        logits = self._logits(images, gates, path, None)
        cross_entropy, accuracy = F.cross_entropy(logits, labels), batch_accuracy(logits, labels)
        loss = self._objective(cross_entropy, accuracy, gates, where)
        total = loss.total if self.settings.weight_loss == "total" else cross_entropy
        rate = self.settings.weight_lr * warm_cosine(progress, self.settings.weight_warmup)
        for group in self.weights.param_groups:
            group["lr"] = rate
        self.weights.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.net.weights(), self.settings.clip_norm)
        self.weights.step()
        return {"weight_cross_entropy": cross_entropy, "weight_accuracy": accuracy}

    def theta_step(self, images: Tensor, labels: Tensor, *, epoch: int, where: str) -> dict[str, Tensor]:
        """One step of theta on images the weights never see; returns what to log."""
        gates, path, hard = self._gates(self.net.theta, epoch)
        logits = self._logits(images, gates, path, hard)
        cross_entropy, accuracy = F.cross_entropy(logits, labels), batch_accuracy(logits, labels)
        loss = self._objective(cross_entropy, accuracy, gates, where)
        # Only theta's gradient is asked for: the engine then leaves out those of the weights.
        (self.net.theta.grad,) = torch.autograd.grad(loss.total, [self.net.theta])
        self.theta.step()
        latency_s, energy_j = self.problem.costs.expected(gates.detach())
        logged = {"cross_entropy": cross_entropy, "accuracy": accuracy}
        return logged | loss.named() | {"latency_s": latency_s, "energy_j": energy_j}

    def _gates(self, theta: Tensor, epoch: int) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """(gates that weigh the costs (layers, candidates), path (layers,), its gates (layers,))."""
        noise, temperature = gumbel_noise(theta.detach()), self.temperature(epoch)
        if self.settings.mode == "mixture":
            return mixture_gates(theta, temperature, noise), None, None
        path = sample_path(theta, noise)
        hard = straight_through(theta, path, noise, temperature, self.settings.estimator)
        # softmax(theta) is the distribution that paths are drawn from: it gives their exact expected cost.
        return theta.softmax(dim=-1), path, hard

    def _logits(self, images: Tensor, gates: Tensor, path: Tensor | None, hard: Tensor | None) -> Tensor:
        if path is None:
            return self.net.forward_mixture(images, gates)
        return self.net.forward_path(images, path, hard)

    def _objective(self, cross_entropy: Tensor, accuracy: Tensor, gates: Tensor, where: str) -> Loss:
        latency_s, energy_j = self.problem.costs.expected(gates)
        loss = self.problem.objective(Terms(cross_entropy, accuracy, latency_s, energy_j))
        check_finite(loss, where)
        return loss


def batch_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of the batch classified right, (), without gradient."""
    return (logits.detach().argmax(dim=1) == labels).to(torch.float32).mean()
