"""The candidates, stem and head as modules. All take and return (N, C, H, W) float tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wattnas.blocks.across import BatchNorm2d, Dropout
from wattnas.blocks.conv import DepthwiseConv2d, StridedPointwise
from wattnas.blocks.order import reorder_channels
from wattnas.space import Candidate, Layer, Layout


class ConvNorm(nn.Sequential):
    """Convolution with "same" padding for odd kernels, BatchNorm and, unless switched off, ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        layers: list[nn.Module] = [
            _convolution(in_channels, out_channels, kernel, stride, groups),
            BatchNorm2d(out_channels),
        ]
        if relu:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


def _convolution(in_channels: int, out_channels: int, kernel: int, stride: int, groups: int) -> nn.Conv2d:
    if 1 < groups == in_channels == out_channels:
        return DepthwiseConv2d(out_channels, kernel, stride)
    if kernel == groups == 1 < stride:
        return StridedPointwise(in_channels, out_channels, stride)
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False)


class Shuffle(nn.Module):
    """Channel shuffle (ShuffleNet): `nn.ChannelShuffle` from operations that every ONNX exporter knows."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), C divisible by the groups, to the same shape."""
        if self.training:
            order = torch.arange(x.shape[1], device=x.device).view(self.groups, -1)
            return reorder_channels(x, order.t().flatten())
        grouped: Tensor = x.unflatten(1, (self.groups, -1))  # type: ignore[no-untyped-call]
        return grouped.transpose(1, 2).flatten(1, 2)


class Block(nn.Module):
    """Inverted residual: pointwise, [shuffle], depthwise, pointwise, plus the input where shapes match.

    FBNet (Wu et al., figure 3); `residual` says whether the input is added.
    """

    def __init__(self, layer: Layer, candidate: Candidate) -> None:
        super().__init__()
        hidden, groups = layer.in_channels * candidate.expansion, candidate.groups
        self.residual = layer.is_residual
        self.expand = ConvNorm(layer.in_channels, hidden, groups=groups)
        self.shuffle: nn.Module = Shuffle(groups) if groups > 1 else nn.Identity()
        self.depthwise = ConvNorm(hidden, hidden, candidate.kernel, layer.stride, groups=hidden)
        self.project = ConvNorm(hidden, layer.out_channels, groups=groups, relu=False)

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The BatchNorm whose scale decides how much the block adds."""
        norm = self.project[1]
        assert isinstance(norm, nn.BatchNorm2d)
        return norm

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride)."""
        out: Tensor = self.project(self.depthwise(self.shuffle(self.expand(x))))
        return out + x if self.residual else out


def make_candidate(layer: Layer, candidate: Candidate) -> nn.Module:
    """The module of `candidate` at `layer`."""
    if not candidate.is_skip:
        return Block(layer, candidate)
    if layer.is_residual:
        return nn.Identity()
    return ConvNorm(layer.in_channels, layer.out_channels, stride=layer.stride)


def make_stem(layout: Layout) -> nn.Module:
    """First convolution of the layout."""
    stem = layout.space.stem
    return ConvNorm(layout.channels, stem.channels, stem.kernel, stem.stride)


def make_head(layout: Layout) -> nn.Module:
    """Head of the layout: (N, C, H, W) to logits (N, classes)."""
    head, last = layout.space.head, layout.layers[-1]
    layers: list[nn.Module] = [nn.Conv2d(last.out_channels, head.channels, 1, bias=head.bias)]
    if head.batch_norm:
        layers.append(BatchNorm2d(head.channels))
    if head.activation:
        layers.append(nn.ReLU(inplace=True))
    if head.pool == "average":
        layers.append(nn.AdaptiveAvgPool2d(1))
    layers += [Dropout(head.dropout), nn.Flatten(), nn.Linear(layout.features, layout.classes)]
    return nn.Sequential(*layers)
