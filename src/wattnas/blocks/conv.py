"""Two convolutions that train otherwise than `nn.Conv2d` does, with equal results.

On CPUs, torch's gradient of depthwise weights has no vector code where the kernel is larger than the feature
map: at 2x2 pixels and 960 channels it takes a hundred times as long as the forward pass (docs/engine.md). The
last stages of a small-image network consist of such maps.

And oneDNN, which torch calls, writes beyond its buffers in the backward pass of a pointwise convolution with
a stride (seen with torch 2.13.0, 4 channels to 6, channels last, one thread: the process aborts).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def depthwise_conv(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Depthwise convolution of (N, C, H, W) with (C, 1, k, k), k odd, "same" padding: the value of `conv2d`.

    Where torch's own weight gradient is slow, it is computed by `weight_gradient`; equal but for rounding.
    """
    if _is_slow(x, weight):
        return _Depthwise.apply(x, weight, stride)  # type: ignore[no-any-return, no-untyped-call]
    return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=weight.shape[0])


def _is_slow(x: Tensor, weight: Tensor) -> bool:
    return (
        max(x.shape[2:]) < weight.shape[-1]
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
    """Gradient of the weights (C, 1, k, k) from the input (N, C, H, W) and the output's gradient.

    One product and sum per tap, over those pixels alone where the tap lies inside the feature map.
    """
    pixels, grads = x.permute(0, 2, 3, 1), grad.permute(0, 2, 3, 1)
    taps = x.new_zeros(kernel, kernel, x.shape[1])
    for row in range(kernel):
        inputs_y, outputs_y = _overlap(row - kernel // 2, x.shape[2], grad.shape[2], stride)
        for column in range(kernel):
            inputs_x, outputs_x = _overlap(column - kernel // 2, x.shape[3], grad.shape[3], stride)
            met = pixels[:, inputs_y, inputs_x] * grads[:, outputs_y, outputs_x]
            taps[row, column] = met.sum((0, 1, 2))
    return taps.permute(2, 0, 1).unsqueeze(1)


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
            of_x, _, _ = torch.ops.aten.convolution_backward(
                grad,
                x,
                weight,
                None,
                (stride, stride),
                (kernel // 2, kernel // 2),
                (1, 1),
                False,
                (0, 0),
                weight.shape[0],
                (True, False, False),
            )
        if needs_weight:
            of_weight = weight_gradient(x, grad, kernel, stride)
        return of_x, of_weight, None
