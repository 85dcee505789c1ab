"""Two convolutions that train otherwise than `nn.Conv2d` does, with equal results.

On CPUs, torch's gradient of depthwise weights has no vector code where the kernel is larger than the feature
map: at 2x2 pixels and 960 channels it takes a hundred times as long as the forward pass (docs/engine.md). The
last stages of a small-image network consist of such maps. And its code for kernels wider than 3 takes ten
times as long as that for 3.

And oneDNN, which torch calls, writes beyond its buffers in the backward pass of a pointwise convolution with
a stride (seen with torch 2.13.0, 4 channels to 6, channels last, one thread: the process aborts).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

_WIDTH = 3
"""Columns of a depthwise kernel whose gradient oneDNN computes quickly."""
_PART = 1_000_000
"""Numbers of the input that are handled at once: 4 MB in float32."""


def depthwise_conv(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Depthwise convolution of (N, C, H, W) with (C, 1, k, k), k odd, "same" padding: the value of `conv2d`.

    Where torch's own weight gradient is slow, it is computed by `weight_gradient`; equal but for rounding.
    """
    if _is_slow(x, weight):
        return _Depthwise.apply(x, weight, stride)  # type: ignore[no-any-return, no-untyped-call]
    return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=weight.shape[0])


def _is_slow(x: Tensor, weight: Tensor) -> bool:
    return (
        weight.shape[-1] > _WIDTH
        and x.device.type == "cpu"
        and weight.requires_grad
        and torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
    )


class DepthwiseConv2d(nn.Conv2d):
    """`nn.Conv2d` with one filter per channel, "same" padding, no bias; trains by `depthwise_conv`."""

    def __init__(self, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H/stride, W/stride)."""
        # Outside training (export, evaluation) nothing but the plain operator shows in a trace.
        return depthwise_conv(x, self.weight, self.stride[0]) if self.training else super().forward(x)


class StridedPointwise(nn.Conv2d):
    """1x1 convolution with a stride, no bias; while training, its pixels are picked before it."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride)."""
        if not self.training:
            return super().forward(x)
        picked: Tensor = _Pick.apply(x, self.stride[0])  # type: ignore[no-untyped-call]
        return F.conv2d(picked, self.weight)


class _Pick(torch.autograd.Function):
    """Every so-manieth pixel of (N, C, H, W), channels last.

    The gradient of a slice comes as NCHW, and all that stands before it (ReLU, BatchNorm) would then take two
    to three times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, step: int) -> Tensor:
        ctx.shape, ctx.step = x.shape, step
        return x[:, :, ::step, ::step].contiguous(memory_format=torch.channels_last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        of_x = torch.empty(
            ctx.shape, dtype=grad.dtype, device=grad.device, memory_format=torch.channels_last
        ).zero_()
        of_x[:, :, :: ctx.step, :: ctx.step] = grad
        return of_x, None


def weight_gradient(x: Tensor, grad: Tensor, kernel: int, stride: int) -> Tensor:
    """Gradient of the weights (C, 1, k, k) from the input (N, C, H, W) and the output's gradient."""
    if max(x.shape[2:]) < kernel:
        return _by_taps(x, grad, kernel, stride)
    return _by_columns(x, grad, kernel, stride)


def _by_taps(x: Tensor, grad: Tensor, kernel: int, stride: int) -> Tensor:
    """One product and sum per tap, over those pixels alone where the tap lies inside the feature map."""
    pixels, grads = x.permute(0, 2, 3, 1), grad.permute(0, 2, 3, 1)
    taps = x.new_zeros(kernel, kernel, x.shape[1])
    for row in range(kernel):
        inputs_y, outputs_y = _overlap(row - kernel // 2, x.shape[2], grad.shape[2], stride)
        for column in range(kernel):
            inputs_x, outputs_x = _overlap(column - kernel // 2, x.shape[3], grad.shape[3], stride)
            met = pixels[:, inputs_y, inputs_x] * grads[:, outputs_y, outputs_x]
            taps[row, column] = met.sum((0, 1, 2))
    return taps.permute(2, 0, 1).unsqueeze(1)


def _by_columns(x: Tensor, grad: Tensor, kernel: int, stride: int) -> Tensor:
    """Three columns of the kernel at a time, neighbours sharing one, each as a kernel of that width.

    In parts of the batch, so that the shifted images stay in the cache.
    """
    channels, width = x.shape[1], x.shape[3]
    seen = (grad.shape[3] - 1) * stride + _WIDTH
    whole, part = x.new_zeros(channels, 1, kernel, kernel), x.new_empty(channels, 1, kernel, _WIDTH)
    count = max(1, _PART // x[0].numel())
    for images, grads in zip(torch.split(x, count), torch.split(grad, count), strict=True):
        for first in range(0, kernel - 1, _WIDTH - 1):
            left = kernel // 2 - first
            shifted = F.pad(images, (left, seen - left - width))
            found = _backward(grads, shifted, part, stride, (kernel // 2, 0), (False, True, False))[1]
            # A column that two have in common is taken from the first.
            new = 1 if first else 0
            whole[..., first + new : first + _WIDTH] += found[..., new:]
    return whole


def _backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    stride: int,
    padding: tuple[int, int],
    wanted: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """torch's gradients of a depthwise convolution: of its input, its weights, its bias."""
    return torch.ops.aten.convolution_backward(  # type: ignore[no-any-return]
        grad, x, weight, None, (stride, stride), padding, (1, 1), False, (0, 0), weight.shape[0], wanted
    )


def _overlap(offset: int, size: int, out: int, stride: int) -> tuple[slice, slice]:
    """Inputs i and outputs o with i = o * stride + offset, 0 <= i < size, 0 <= o < out; empty where none."""
    first = max(0, -(offset // stride))
    end = max(first, min(out, (size - 1 - offset) // stride + 1))
    start = max(0, first * stride + offset)
    return slice(start, max(start, (end - 1) * stride + offset + 1), stride), slice(first, end)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=weight.shape[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        kernel, stride = weight.shape[-1], ctx.stride
        needs_x, needs_weight, _ = ctx.needs_input_grad
        of_x = of_weight = None
        if needs_x:
            half = (kernel // 2, kernel // 2)
            of_x = _backward(grad, x, weight, stride, half, (True, False, False))[0]
        if needs_weight:
            of_weight = weight_gradient(x, grad, kernel, stride)
        return of_x, of_weight, None
