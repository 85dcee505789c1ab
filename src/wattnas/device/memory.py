"""Memory one image needs at inference, from shapes alone: weights, and activations at the worst moment."""

from __future__ import annotations

from collections.abc import Iterator

from wattnas.space import Architecture, Candidate, Layer, Layout
from wattnas.units import Quantity

FLOAT_BYTES = 4

RULE = (
    "float32, batch 1: 4 bytes per parameter, plus the largest sum of activations alive at once; each "
    "convolution reads one tensor and writes another, a residual input stays alive until it is added in "
    "place, BatchNorm and ReLU work in place; not counted: scratch space, padding and the runtime itself"
)


def memory_bytes(layout: Layout, architecture: Architecture, params: int) -> Quantity:
    """Modelled peak memory of a network with `params` parameters, bytes."""
    ends, table = alive_elements(layout)
    columns = {candidate: column for column, candidate in enumerate(layout.candidates)}
    standing = [row[columns[c]] for row, c in zip(table, architecture.candidates, strict=True)]
    size = FLOAT_BYTES * (params + max(ends, *standing))
    return Quantity(value=size, unit="B", origin="modelled", source=RULE)


def alive_elements(layout: Layout) -> tuple[int, list[list[int]]]:
    """Most elements alive at once in (stem and head, each layer under each candidate).

    The peak of a network is the largest of the first and of one entry per layer.
    """
    first, last = layout.layers[0], layout.layers[-1]
    wide = layout.space.head.channels * last.out_size**2
    ends = (
        layout.channels * layout.size**2 + first.in_channels * first.in_size**2,
        last.out_channels * last.out_size**2 + wide,
        layout.features + layout.classes,
    )
    table = [[max(_alive_in(layer, c)) for c in layout.candidates] for layer in layout.layers]
    return max(ends), table


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
