"""A space resolved for one kind of input: every shape derived, none typed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from wattnas.errors import SpaceError
from wattnas.space.candidate import Candidate
from wattnas.space.spec import Space


@dataclass(frozen=True)
class Layer:
    """One searchable position and its shapes.

    Attributes:
        index: position, from 0.
        stage: index of the stage it belongs to.
        in_channels, out_channels, stride: of the block that stands here.
        in_size, out_size: square side of the feature maps, in pixels.
    """

    index: int
    stage: int
    in_channels: int
    out_channels: int
    stride: int
    in_size: int
    out_size: int

    @property
    def is_residual(self) -> bool:
        """Whether a block's input can be added to its output."""
        return self.stride == 1 and self.in_channels == self.out_channels

    def key(self, candidate: Candidate | str) -> str:
        """How a profile names `candidate` with this layer's shapes, e.g. `k3_e6 16x32x32 -> 24 s2`."""
        name = candidate if isinstance(candidate, str) else candidate.name
        return (
            f"{name} {self.in_channels}x{self.in_size}x{self.in_size} -> {self.out_channels} s{self.stride}"
        )


def strided(size: int, stride: int) -> int:
    """Output side of a "same"-padded convolution with an odd kernel: ceil(size / stride)."""
    return -(-size // stride)


@dataclass(frozen=True)
class Layout:
    """A space at a given input: the shapes of stem, layers and head.

    Attributes:
        space: the space it was resolved from.
        channels, size: input channels and square side in pixels.
        classes: outputs of the classifier.
        layers: the searchable layers, in order.
    """

    space: Space
    channels: int
    size: int
    classes: int
    layers: tuple[Layer, ...]

    @classmethod
    def resolve(
        cls, space: Space, classes: int, channels: int | None = None, size: int | None = None
    ) -> Layout:
        """The layout of `space` for `classes` and an input; by default most channels and largest size."""
        channels = max(space.input.channels) if channels is None else channels
        size = space.input.max_size if size is None else size
        if channels not in space.input.channels or not space.input.min_size <= size <= space.input.max_size:
            raise SpaceError(
                f"Space {space.name!r} does not take {channels}x{size}x{size} images.",
                f"It takes {' or '.join(map(str, space.input.channels))} channels and sides from "
                f"{space.input.min_size} to {space.input.max_size}.",
            )
        if classes < 2:
            raise SpaceError(
                f"A classifier with {classes} class(es) has nothing to learn.", "Give at least two classes."
            )
        layers: list[Layer] = []
        width, side = space.stem.channels, strided(size, space.stem.stride)
        for stage_index, stage in enumerate(space.stages):
            for position in range(stage.layers):
                stride = stage.stride if position == 0 else 1
                out = strided(side, stride)
                layers.append(Layer(len(layers), stage_index, width, stage.channels, stride, side, out))
                width, side = stage.channels, out
        layout = cls(space, channels, size, classes, tuple(layers))
        layout._check_groups()
        return layout

    def _check_groups(self) -> None:
        # Hidden widths are multiples of the input's, so these two decide.
        grouped = [candidate for candidate in self.candidates if candidate.groups > 1]
        for layer, candidate in product(self.layers, grouped):
            for width in (layer.in_channels, layer.out_channels):
                if width % candidate.groups:
                    raise SpaceError(
                        f"Candidate {candidate.name!r} does not fit layer {layer.index} of "
                        f"space {self.space.name!r}: {width} channels do not divide into its groups.",
                        "Change the width of that stage or leave the candidate out.",
                    )

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of every layer, in the order of theta's columns."""
        return tuple(Candidate.parse(name) for name in self.space.candidates)

    @property
    def stem_key(self) -> str:
        """How a profile names the stem at this input."""
        stem = self.space.stem
        return (
            f"stem_k{stem.kernel} {self.channels}x{self.size}x{self.size} -> {stem.channels} s{stem.stride}"
        )

    @property
    def head_key(self) -> str:
        """How a profile names the head at these shapes."""
        head, last = self.space.head, self.layers[-1]
        kind = "head_" + head.pool + ("_bn" if head.batch_norm else "") + ("_relu" if head.activation else "")
        return (
            f"{kind} {last.out_channels}x{last.out_size}x{last.out_size} -> {head.channels} -> {self.classes}"
        )

    @property
    def features(self) -> int:
        """Inputs of the linear classifier."""
        side = self.layers[-1].out_size if self.space.head.pool == "flatten" else 1
        return self.space.head.channels * side * side
