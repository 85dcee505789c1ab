"""Channels in another order, quickly: for the channel shuffle while a network trains."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def reorder_channels(x: Tensor, order: Tensor) -> Tensor:
    """(N, C, H, W) with channel i of the result from channel order[i] of `x`; channels last, gradients too.

    Args:
        order: (C,) a permutation.
    """
    return _Reorder.apply(x, order)  # type: ignore[no-any-return, no-untyped-call]


class _Reorder(torch.autograd.Function):
    """Both ways one gather over the innermost axis.

    A transposed copy takes four times as long (no vector code), and the gradient of a gather would be a sum.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return _gather(x, order)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (order,) = ctx.saved_tensors
        return _gather(grad, order.argsort()), None


def _gather(x: Tensor, order: Tensor) -> Tensor:
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels).index_select(1, order)
    return pixels.view(count, height, width, channels).permute(0, 3, 1, 2)
