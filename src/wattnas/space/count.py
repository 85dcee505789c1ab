"""Parameters and multiply-adds of an architecture, from shapes alone.

Counting rule: one multiply-add is one MAC; convolutions and the linear classifier are counted. Not counted:
BatchNorm (folded into the convolution at inference), ReLU, additions of skips, bias, shuffles, pooling.
Parameters are all trainable ones: weights, biases, BatchNorm scales and shifts.
"""

from __future__ import annotations

from typing import NamedTuple

from wattnas.space.architecture import Architecture
from wattnas.space.candidate import Candidate
from wattnas.space.layout import Layer, Layout, strided


class Count(NamedTuple):
    """Trainable parameters and multiply-adds for one image."""

    params: int
    macs: int

    def plus(self, other: Count) -> Count:
        """The sum of both."""
        return Count(self.params + other.params, self.macs + other.macs)


def count_conv(in_channels: int, out_channels: int, kernel: int, out_size: int, groups: int = 1) -> Count:
    """A square convolution without bias."""
    weights = out_channels * (in_channels // groups) * kernel * kernel
    return Count(weights, weights * out_size * out_size)


def count_norm(channels: int) -> Count:
    """A BatchNorm: scale and shift, no MACs (folded at inference)."""
    return Count(2 * channels, 0)


def count_candidate(layer: Layer, candidate: Candidate) -> Count:
    """One candidate standing at `layer`."""
    if candidate.is_skip:
        if layer.is_residual:
            return Count(0, 0)
        return count_conv(layer.in_channels, layer.out_channels, 1, layer.out_size).plus(
            count_norm(layer.out_channels)
        )
    hidden = layer.in_channels * candidate.expansion
    parts = (
        count_conv(layer.in_channels, hidden, 1, layer.in_size, candidate.groups),
        count_norm(hidden),
        count_conv(hidden, hidden, candidate.kernel, layer.out_size, hidden),
        count_norm(hidden),
        count_conv(hidden, layer.out_channels, 1, layer.out_size, candidate.groups),
        count_norm(layer.out_channels),
    )
    return _total(parts)


def count_stem(layout: Layout) -> Count:
    """The first convolution and its BatchNorm."""
    stem = layout.space.stem
    side = strided(layout.size, stem.stride)
    return count_conv(layout.channels, stem.channels, stem.kernel, side).plus(count_norm(stem.channels))


def count_head(layout: Layout) -> Count:
    """1x1 convolution and classifier."""
    head, last = layout.space.head, layout.layers[-1]
    total = count_conv(last.out_channels, head.channels, 1, last.out_size)
    if head.bias:
        total = total.plus(Count(head.channels, 0))
    if head.batch_norm:
        total = total.plus(count_norm(head.channels))
    weights = layout.features * layout.classes
    return total.plus(Count(weights + layout.classes, weights))


def count_layout(layout: Layout, architecture: Architecture) -> Count:
    """The whole network: stem, layers, head."""
    layers = (
        count_candidate(layer, c) for layer, c in zip(layout.layers, architecture.candidates, strict=True)
    )
    return _total((count_stem(layout), *layers, count_head(layout)))


def _total(parts: tuple[Count, ...]) -> Count:
    return Count(sum(p.params for p in parts), sum(p.macs for p in parts))
