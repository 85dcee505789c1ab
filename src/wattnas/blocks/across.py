"""What the processes of one training have to do together inside a network: BatchNorm and dropout.

With several processes each sees a part of the batch. Statistics are those of the whole batch, and the dropout
mask is cut from one for the whole batch, so that a run computes the same whatever the number of processes.
With one process these are torch's own layers. (`torch.nn.SyncBatchNorm` does the first on GPUs alone.)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F


def processes() -> int:
    """How many processes train together."""
    together = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if together else 1


def batch_norm(
    x: Tensor, mean: Tensor, var: Tensor, weight: Tensor, bias: Tensor, momentum: float, eps: float
) -> Tensor:
    """BatchNorm in training mode over (N, C, H, W) of all processes; updates `mean` and `var` (C,) in place.

    Biased variance normalises, the unbiased one enters `var`, as in torch.
    """
    if processes() == 1:
        return F.batch_norm(x, mean, var, weight, bias, True, momentum, eps)
    pixels = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    count = pixels.numel() // pixels.shape[1] * processes()
    centre = _sum(pixels.sum((0, 2, 3))) / count
    centred = pixels - centre.view(1, -1, 1, 1)
    spread = _sum(centred.square().sum((0, 2, 3))) / count
    with torch.no_grad():
        mean.lerp_(centre.to(mean.dtype), momentum)
        var.lerp_((spread * (count / max(count - 1, 1))).to(var.dtype), momentum)
    scale = weight * (spread + eps).rsqrt()
    return (centred * scale.view(1, -1, 1, 1) + bias.view(1, -1, 1, 1)).to(x.dtype)


class BatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` that takes the statistics over the batch of all processes while training.

    A momentum of None, the plain mean over all batches, works in one process and in several.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        if not self.training or processes() == 1:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        return batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, momentum, self.eps)


class Dropout(nn.Dropout):
    """`nn.Dropout` whose mask is cut from one for the batch of all processes."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, ...) to the same shape."""
        if not self.training or self.p == 0 or processes() == 1:
            return super().forward(x)
        own = slice(distributed.get_rank() * len(x), (distributed.get_rank() + 1) * len(x))
        whole = x.new_empty(len(x) * processes(), *x.shape[1:])
        return x * F.dropout(whole.fill_(1.0), self.p)[own]


def _sum(x: Tensor) -> Tensor:
    return _Sum.apply(x)  # type: ignore[no-any-return, no-untyped-call]


class _Sum(torch.autograd.Function):
    """Sum over processes; its gradient is the sum of theirs, as each process's loss depends on it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        total = grad.clone()
        distributed.all_reduce(total)
        return total
