"""The two convolutions against torch's own, where torch's own is right."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.blocks import conv as module
from wattnas.blocks.conv import DepthwiseConv2d, StridedPointwise, weight_gradient

CASES = list(product((3, 5), (1, 2), (1, 2, 3, 4, 6, 9)))


def gradients(out: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    return torch.autograd.grad(out, inputs, torch.randn_like(out))


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "size"), CASES)
def test_a_depthwise_convolution_is_torchs(kernel: int, stride: int, size: int, channels_last: bool) -> None:
    torch.manual_seed(0)
    conv = DepthwiseConv2d(6, kernel, stride).double()
    x = torch.randn(5, 6, size, size, dtype=torch.float64)
    x = x.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    x.requires_grad_()
    ours = conv(x)
    torchs = F.conv2d(x, conv.weight, None, stride, kernel // 2, groups=6)
    torch.testing.assert_close(ours, torchs, rtol=1e-12, atol=1e-14)
    pairs = zip(gradients(ours, x, conv.weight), gradients(torchs, x, conv.weight), strict=True)
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("kernel", "stride", "size"), CASES)
def test_the_weight_gradient_is_the_sum_over_pixels(kernel: int, stride: int, size: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    out = -(-size // stride)
    grad = torch.randn(2, 3, out, out, dtype=torch.float64)
    padded = F.pad(x, (kernel // 2,) * 4)
    expected = torch.zeros(3, 1, kernel, kernel, dtype=torch.float64)
    for row, column, y, z in product(range(kernel), range(kernel), range(out), range(out)):
        met = padded[:, :, y * stride + row, z * stride + column] * grad[:, :, y, z]
        expected[:, 0, row, column] += met.sum(0)
    torch.testing.assert_close(weight_gradient(x, grad, kernel, stride), expected)


@pytest.mark.parametrize("size", [2, 5, 6])
def test_a_strided_pointwise_convolution_trains_as_it_predicts(size: int) -> None:
    torch.manual_seed(0)
    conv = StridedPointwise(4, 6, 2).double()
    x = torch.randn(3, 4, size, size, dtype=torch.float64, requires_grad=True)
    training, predicting = conv(x), conv.eval()(x)
    torch.testing.assert_close(training, predicting, rtol=1e-12, atol=1e-14)
    # By hand, as torch's own backward pass is what this class avoids.
    grad, weight = torch.randn_like(training), conv.weight[:, :, 0, 0]
    of_x, of_weight = torch.autograd.grad(training, [x, conv.weight], grad)
    expected = torch.zeros_like(x)
    expected[:, :, ::2, ::2] = torch.einsum("noyz,oi->niyz", grad, weight)
    torch.testing.assert_close(of_x, expected)
    by_hand = torch.einsum("noyz,niyz->oi", grad, x[:, :, ::2, ::2])
    torch.testing.assert_close(of_weight[:, :, 0, 0], by_hand)


def test_the_gradient_of_a_strided_pointwise_convolution_keeps_channels_last() -> None:
    """In NCHW, BatchNorm and ReLU before it take two to three times as long."""
    x = torch.randn(2, 4, 6, 6).to(memory_format=torch.channels_last).requires_grad_()
    conv = StridedPointwise(4, 6, 2)
    (of_x,) = torch.autograd.grad(conv(x).square().sum(), [x])
    assert of_x.is_contiguous(memory_format=torch.channels_last) and not of_x.is_contiguous()


@pytest.mark.parametrize(("stride", "size"), [(1, 7), (2, 7), (1, 10), (2, 10), (3, 10)])
@pytest.mark.parametrize("part", [1, 700, 10**6])
@pytest.mark.parametrize("kernel", [5, 7])
def test_a_batch_in_parts_has_the_same_weight_gradient(
    kernel: int, part: int, stride: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts of one image, of a few (the last is smaller), and as a whole."""
    monkeypatch.setattr(module, "_PART", part)
    torch.manual_seed(0)
    x = torch.randn(5, 3, size, size, dtype=torch.float64)
    weight = torch.randn(3, 1, kernel, kernel, dtype=torch.float64, requires_grad=True)
    out = F.conv2d(x, weight, None, stride, kernel // 2, groups=3)
    grad = torch.randn_like(out)
    (expected,) = torch.autograd.grad(out, [weight], grad)
    found = weight_gradient(x, grad, kernel, stride)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-13)


def test_outside_training_the_plain_operators_run() -> None:
    x = torch.randn(1, 4, 2, 2, requires_grad=True)
    for conv in (DepthwiseConv2d(4, 5).eval(), StridedPointwise(4, 6, 2).eval()):
        assert conv(x).grad_fn.name() == "ConvolutionBackward0"
