"""The architecture as blocks, layer by layer, in the manner of figures 6 and 7 of Ozawa et al."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wattnas.report.files import CostsFile, FixedFacts, LayerFacts
from wattnas.report.palette import END, Swatch, swatch
from wattnas.report.plots import drawn
from wattnas.report.read import RunFiles
from wattnas.report.references import Published, published
from wattnas.report.text import number

_HEAD = re.compile(r"^head_(\w+) \d+x\d+x\d+ -> (\d+) -> (\d+)$")
_STEM = re.compile(r"^stem_k(\d+) (\d+)x(\d+)x\d+ -> (\d+) s(\d+)$")
_ENDS = "stem and head"


@dataclass(frozen=True)
class Block:
    """One layer of a drawing.

    Attributes:
        place: number of the layer, "stem" or "head".
        name: of the candidate.
        look: whose colours it has: the candidate's, or those of the ends.
        channels, size: what comes out; 0 where it is not known.
        note: stride and the like.
        cost: seconds and joules with their origin; empty where they are not known.
    """

    place: str
    name: str
    look: str
    channels: int
    size: int
    note: str = ""
    cost: str = ""

    @property
    def shape(self) -> str:
        """ "24 × 16 × 16": channels, height, width."""
        return f"{self.channels} × {self.size} × {self.size}" if self.channels else ""

    def to_json(self) -> dict[str, Any]:
        """For the page's script; texts are escaped where Plotly draws them as they are."""
        title = f"{self.name if self.place.isalpha() else f'Layer {self.place}: {self.name}'}"
        lines = [title, ", ".join(part for part in (self.shape, self.note) if part), self.cost]
        return {
            "tick": self.place if not self.place.isalpha() else "",
            "name": self.name,
            "look": self.look,
            "channels": self.channels,
            "size": self.size,
            "text": "<br>".join(drawn(line) for line in lines if line),
        }


@dataclass(frozen=True)
class Network:
    """One network of a drawing, input first; `note` says in a few words what it reaches."""

    name: str
    blocks: tuple[Block, ...]
    note: str = ""

    @property
    def layers(self) -> tuple[Block, ...]:
        """The searchable ones."""
        return tuple(block for block in self.blocks if block.look != _ENDS)

    def to_json(self) -> dict[str, Any]:
        """For the page's script."""
        return {"name": self.name, "note": self.note, "blocks": [block.to_json() for block in self.blocks]}


@dataclass(frozen=True)
class Drawing:
    """The network of a run, and those that can stand beside it."""

    own: Network
    beside: tuple[Network, ...]
    operations: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For the page's script: all networks, and how each candidate looks."""
        looks = looks_of(name for network in (self.own, *self.beside) for name in _names(network))
        beside = [network.to_json() for network in self.beside]
        return {"all": [self.own.to_json(), beside], "looks": looks}


def looks_of(operations: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Candidate -> colours, in the order of the legend: `skip` last, the ends without a place in it."""
    names = sorted(dict.fromkeys(operations), key=lambda name: (name == "skip", name))
    ends = {_ENDS: {**_look(END), "end": True}}
    return {name: _look(swatch(name)) for name in names} | ends


def _look(found: Swatch) -> dict[str, Any]:
    return {"fill": found.fill, "ink": found.ink, "stripe": found.stripe, "outlined": found.is_outlined}


def _names(network: Network) -> list[str]:
    return [block.name for block in network.layers]


def build_drawing(files: RunFiles) -> Drawing | None:
    """The drawing; blocks of one size where the costs, which know the shapes, are not there yet."""
    if files.costs is not None:
        own = Network(files.name, _with_shapes(files.costs))
        return Drawing(own, _beside(files, own), files.costs.architecture)
    if files.architecture is not None:
        operations = files.architecture.operations
        blocks = tuple(Block(str(i), name, name, 0, 0) for i, name in enumerate(operations))
        return Drawing(Network(files.name, blocks), (), operations)
    return None


def _with_shapes(costs: CostsFile) -> tuple[Block, ...]:
    ends = {fixed.part: fixed for fixed in costs.fixed}
    stem = (_stem(ends["stem"], costs.layers[0]),) if "stem" in ends else ()
    head = (_head(ends["head"], costs.layers[-1]),) if "head" in ends else ()
    return (*stem, *(_block(layer) for layer in costs.layers), *head)


def _block(layer: LayerFacts) -> Block:
    cost = f"{number(layer.latency_s, 's').text} {layer.latency_source.origin}, "
    cost += f"{number(layer.energy_j, 'J').text} {layer.energy_source.origin}"
    note = note_of(layer.operation, layer.in_channels, layer.out_channels, layer.stride)
    return Block(
        str(layer.layer), layer.operation, layer.operation, layer.out_channels, layer.out_size, note, cost
    )


def note_of(operation: str, in_channels: int, out_channels: int, stride: int) -> str:
    """What a block does besides its name: what `skip` stands for, and the stride."""
    kept = stride == 1 and in_channels == out_channels
    kind = ("identity" if kept else "1 × 1 convolution") if operation == "skip" else ""
    return ", ".join(part for part in (kind, f"stride {stride}" if stride > 1 else "") if part)


def _stem(stem: FixedFacts, first: LayerFacts) -> Block:
    match = _STEM.match(stem.key)
    kernel = f"{match[1]} × {match[1]} convolution" if match else ""
    stride = f"stride {match[5]}" if match and match[5] != "1" else ""
    note = ", ".join(part for part in (kernel, stride) if part)
    return Block("stem", "stem", _ENDS, first.in_channels, first.in_size, note, _params(stem))


def _head(head: FixedFacts, last: LayerFacts) -> Block:
    match = _HEAD.match(head.key)
    note = f"{match[3]} classes" if match else ""
    channels = int(match[2]) if match else last.out_channels
    return Block("head", "head", _ENDS, channels, last.out_size, note, _params(head))


def _params(fixed: FixedFacts) -> str:
    return f"{number(fixed.params, '1').text} parameters"


def _beside(files: RunFiles, own: Network) -> tuple[Network, ...]:
    """Published networks of the same space, in the shapes of this run."""
    space = files.manifest.space
    if space is None or files.costs is None:
        return ()
    return tuple(
        _published(found, own, files.costs.layers)
        for found in published(space.name)
        if len(found.operations) == len(files.costs.layers)
    )


def _published(found: Published, own: Network, layers: Sequence[LayerFacts]) -> Network:
    pairs = dict(zip((str(layer.layer) for layer in layers), found.operations, strict=True))
    shapes = {str(layer.layer): layer for layer in layers}
    blocks = []
    for block in own.blocks:
        layer = shapes.get(block.place)
        if layer is None:
            blocks.append(block)
        else:
            name = pairs[block.place]
            note = note_of(name, layer.in_channels, layer.out_channels, layer.stride)
            blocks.append(Block(block.place, name, name, block.channels, block.size, note))
    return Network(found.name, tuple(blocks), found.note)
