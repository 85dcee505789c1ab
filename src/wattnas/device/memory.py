"""Memory one image needs at inference, from shapes alone: weights, and activations at the worst moment."""

from __future__ import annotations

from collections.abc import Iterator

from wattnas.space import Architecture, Candidate, Layer, Layout
from wattnas.units import Quantity

_FLOAT = 4

RULE = (
    "float32, batch 1: 4 bytes per parameter, plus the largest sum of activations alive at once; each "
    "convolution reads one tensor and writes another, a residual input stays alive until it is added in "
    "place, BatchNorm and ReLU work in place; not counted: scratch space, padding and the runtime itself"
)


def memory_bytes(layout: Layout, architecture: Architecture, params: int) -> Quantity:
    """Modelled peak memory of a network with `params` parameters, bytes."""
    size = _FLOAT * (params + max(_alive(layout, architecture)))
    return Quantity(value=size, unit="B", origin="modelled", source=RULE)


def _alive(layout: Layout, architecture: Architecture) -> Iterator[int]:
    """Elements alive during each convolution and linear layer of the network."""
    first, last = layout.layers[0], layout.layers[-1]
    yield layout.channels * layout.size**2 + first.in_channels * first.in_size**2
    for layer, candidate in zip(layout.layers, architecture.candidates, strict=True):
        yield from _alive_in(layer, candidate)
    wide = layout.space.head.channels * last.out_size**2
    yield last.out_channels * last.out_size**2 + wide
    yield layout.features + layout.classes


def _alive_in(layer: Layer, candidate: Candidate) -> Iterator[int]:
    before, after = layer.in_channels * layer.in_size**2, layer.out_channels * layer.out_size**2
    if candidate.is_skip:
        yield before if layer.is_residual else before + after
        return
    hidden = layer.in_channels * candidate.expansion
    wide, narrow = hidden * layer.in_size**2, hidden * layer.out_size**2
    kept = before if layer.is_residual else 0
    yield before + wide
    yield kept + wide + narrow
    yield kept + narrow + after
