"""The architecture as blocks, layer by layer, in the manner of figures 6 and 7 of Ozawa et al."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

from wattnas.report.files import CostsFile, FixedFacts, LayerFacts
from wattnas.report.palette import Swatch, swatch
from wattnas.report.read import RunFiles
from wattnas.report.text import number

_END = Swatch("#3d4650", "#ffffff")
_HEAD = re.compile(r"^head_(\w+) \d+x\d+x\d+ -> (\d+) -> (\d+)$")
_STEM = re.compile(r"^stem_k(\d+) (\d+)x(\d+)x\d+ -> (\d+) s(\d+)$")


@dataclass(frozen=True)
class Block:
    """One layer of the drawing.

    Attributes:
        place: number of the layer, or empty for stem and head.
        name: of the candidate.
        swatch: its colours.
        width: percent of the widest; its square grows with the channels.
        shape: what comes out, "24 × 16 × 16" (channels, height, width).
        note: stride and the like.
        title: everything in words, costs included.
    """

    place: str
    name: str
    swatch: Swatch
    width: float
    shape: str
    note: str
    title: str


@dataclass(frozen=True)
class Group:
    """The blocks of one stage."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Drawing:
    """The whole network, input first, and what its colours mean."""

    groups: tuple[Group, ...]
    legend: tuple[tuple[str, Swatch], ...]
    operations: tuple[str, ...]


def build_drawing(files: RunFiles) -> Drawing | None:
    """The drawing; blocks of one width where the costs, which know the shapes, are not there yet."""
    if files.costs is not None:
        groups, operations = _with_shapes(files.costs), files.costs.architecture
    elif files.architecture is not None:
        operations = files.architecture.operations
        groups = (Group("Layers", tuple(_plain(i, name) for i, name in enumerate(operations))),)
    else:
        return None
    names = sorted(dict.fromkeys(operations), key=lambda name: (name == "skip", name))
    return Drawing(groups, tuple((name, swatch(name)) for name in names), operations)


def _plain(index: int, operation: str) -> Block:
    return Block(str(index), operation, swatch(operation), 60.0, "", "", f"Layer {index}: {operation}")


def _with_shapes(costs: CostsFile) -> tuple[Group, ...]:
    widest = max(max(layer.in_channels, layer.out_channels) for layer in costs.layers)
    ends = {fixed.part: fixed for fixed in costs.fixed}
    stem = (_stem(ends["stem"], costs.layers[0], widest),) if "stem" in ends else ()
    head = (_head(ends["head"], costs.layers[-1], widest),) if "head" in ends else ()
    return (*stem, *_stages(costs.layers, widest), *head)


def _stages(layers: tuple[LayerFacts, ...], widest: int) -> Iterator[Group]:
    """Layers grouped as the space has them: a stage begins with another width or a stride."""
    stage, stages = 0, []
    for before, layer in zip((None, *layers), layers, strict=False):
        if before is None or layer.out_channels != before.out_channels or layer.stride > 1:
            stage += 1
        stages.append(stage)
    for index, pairs in groupby(zip(stages, layers, strict=True), key=lambda pair: pair[0]):
        members = [layer for _, layer in pairs]
        last = members[-1]
        heading = f"Stage {index}: {last.out_channels} channels, {last.out_size} × {last.out_size}"
        yield Group(heading, tuple(_block(layer, widest) for layer in members))


def _block(layer: LayerFacts, widest: int) -> Block:
    shape = _shape(layer.out_channels, layer.out_size)
    kept = layer.stride == 1 and layer.in_channels == layer.out_channels
    kind = ("identity" if kept else "1 × 1 convolution") if layer.operation == "skip" else ""
    note = ", ".join(part for part in (kind, f"stride {layer.stride}" if layer.stride > 1 else "") if part)
    costs = f"{number(layer.latency_s, 's').text} {layer.latency_source.origin}, "
    costs += f"{number(layer.energy_j, 'J').text} {layer.energy_source.origin}"
    title = f"Layer {layer.layer}: {layer.operation}, {shape}{', ' + note if note else ''}; {costs}"
    colours = swatch(layer.operation)
    return Block(
        str(layer.layer), layer.operation, colours, _width(layer.out_channels, widest), shape, note, title
    )


def _stem(stem: FixedFacts, first: LayerFacts, widest: int) -> Group:
    match = _STEM.match(stem.key)
    heading = f"Input: {_shape(int(match[2]), int(match[3]))}" if match else "Input"
    name = f"stem {match[1]} × {match[1]}" if match else "stem"
    note = f"stride {match[5]}" if match and match[5] != "1" else ""
    shape = _shape(first.in_channels, first.in_size)
    title = f"Stem: {stem.key}; {number(stem.params, '1').text} parameters"
    return Group(heading, (Block("", name, _END, _width(first.in_channels, widest), shape, note, title),))


def _head(head: FixedFacts, last: LayerFacts, widest: int) -> Group:
    match = _HEAD.match(head.key)
    channels = int(match[2]) if match else last.out_channels
    heading = f"Output: {match[3]} classes" if match else "Output"
    title = f"Head: {head.key}; {number(head.params, '1').text} parameters"
    width = min(100.0, _width(channels, widest))
    return Group(heading, (Block("", "head 1 × 1", _END, width, _shape(channels, last.out_size), "", title),))


def _shape(channels: int, size: int) -> str:
    return f"{channels} × {size} × {size}"


def _width(channels: int, widest: int) -> float:
    return round(100 * sqrt(channels / widest), 1)
