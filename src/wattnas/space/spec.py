"""A space as a user writes it: input, stem, stages, candidates, head. Shapes are derived in `layout`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wattnas.files import content_hash
from wattnas.space.candidate import Candidate

# Strict: YAML's `yes` and "2" are not counts.
Positive = Annotated[int, Field(strict=True, ge=1, le=65536)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Part):
    """Which images a space takes.

    Attributes:
        channels: the channel counts it serves (1 grey, 3 colour).
        min_size, max_size: square side in pixels, both included; equal where only one size is served.
    """

    channels: tuple[Literal[1, 3], ...] = Field(min_length=1)
    min_size: Positive
    max_size: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Input:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} is above max_size {self.max_size}")
        return self

    def choose(self, channels: int, size: int) -> tuple[int, int]:
        """(channels, side) that images of `channels` and longer side `size` become: nearest served."""
        served = channels if channels in self.channels else max(self.channels)
        return served, min(max(size, self.min_size), self.max_size)


class Stem(_Part):
    """First convolution: kernel x kernel (odd, so that "same" padding exists), BatchNorm, ReLU."""

    channels: Positive
    kernel: Positive = 3
    stride: Positive = 1

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even, and kernels are odd")
        return kernel


class Stage(_Part):
    """A run of searchable layers with one width; `stride` is that of its first layer, the others have 1."""

    channels: Positive
    layers: Positive
    stride: Positive = 1


class Head(_Part):
    """1x1 convolution, optional BatchNorm and ReLU, pooling, dropout, linear classifier.

    `bias` and `batch_norm` describe the 1x1 convolution; `pool` is "flatten" (the paper's) or "average".
    """

    channels: Positive
    bias: bool = True
    batch_norm: bool = False
    activation: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    pool: Literal["flatten", "average"] = "average"


class Space(_Part):
    """What can be searched.

    Attributes:
        name: how files refer to it.
        source: where it comes from (paper, table), for people.
        candidates: names of the blocks that may stand at every layer, in the order of theta's columns.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    source: str = ""
    input: Input
    stem: Stem
    stages: tuple[Stage, ...] = Field(min_length=1)
    candidates: tuple[str, ...] = Field(min_length=2)
    head: Head

    @field_validator("candidates")
    @classmethod
    def _known_and_distinct(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            Candidate.parse(name)
        if len(set(names)) != len(names):
            raise ValueError("a candidate is listed twice")
        return names

    @property
    def hash(self) -> str:
        """Hash of all that shapes a network (not of name and source)."""
        return content_hash(self.model_dump(mode="json", exclude={"name", "source"}))

    @property
    def depth(self) -> int:
        """Number of searchable layers."""
        return sum(stage.layers for stage in self.stages)

    @property
    def size(self) -> int:
        """Number of architectures."""
        count: int = len(self.candidates) ** self.depth
        return count
