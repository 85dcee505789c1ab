"""What the zoo knows of one network: its source, how to build it, and what was published about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from wattnas.errors import ConfigError
from wattnas.units import Quantity

Group = Literal["ozawa", "canziani", "related"]
Shape = tuple[int, int, int]

IMAGENET: Shape = (3, 224, 224)
CIFAR: Shape = (3, 32, 32)

MACS_TOLERANCE = 0.02
"""How far a count of multiply-adds may lie from the literature before the entry has to say why."""


@dataclass(frozen=True)
class Figure:
    """A published number as it was printed, so that a count can be compared to its digits.

    Attributes:
        text: the digits, "11.2".
        scale: what one of them is worth, 1e6 for millions.
        source: the publication.
    """

    text: str
    scale: float
    source: str

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.text) * self.scale

    @property
    def decimals(self) -> int:
        """Digits behind the point."""
        return len(self.text.partition(".")[2])

    def matches(self, count: float) -> bool:
        """Whether `count`, rounded to the digits printed, is this number."""
        return f"{count / self.scale:.{self.decimals}f}" == self.text

    def quantity(self) -> Quantity:
        """As it is stored: a literature value without unit."""
        return Quantity(value=self.value, unit="1", origin="literature", source=self.source)


@dataclass(frozen=True)
class Entry:
    """One reference network.

    Attributes:
        name: how commands refer to it.
        title: how its publication writes it.
        family: networks of one family share a colour in figures.
        group: which of the papers compared it ("related": neither).
        paper: who described the network.
        built_by: "pytorchcv" or "wattnas".
        input: (channels, height, width).
        classes: outputs.
        maker: a freshly initialised network; None where the architecture was not published.
        params: published number of trainable parameters.
        macs: published multiply-adds for one image.
        top1: published accuracy: of a single crop on ImageNet; on CIFAR-10 for networks of ten classes.
        row: name of its row in the tables of Ozawa et al.; empty where it has none.
        note: where this form or its counts differ from what was published, and why.
    """

    name: str
    title: str
    family: str
    group: Group
    paper: str
    built_by: Literal["pytorchcv", "wattnas"]
    input: Shape
    classes: int
    maker: Callable[[], nn.Module] | None
    params: Figure | None = None
    macs: Figure | None = None
    top1: Figure | None = None
    row: str = ""
    note: str = ""

    @property
    def is_published(self) -> bool:
        """Whether its architecture is known, so that it can be built."""
        return self.maker is not None

    def make(self) -> nn.Module:
        """The network, freshly initialised: (N, channels, height, width) to logits (N, classes).

        Raises:
            ConfigError: its architecture was not published.
            MissingExtraError: the library that builds it is not installed.
        """
        if self.maker is None:
            raise ConfigError(
                f"The architecture of {self.title} was not published, only its figures.",
                "`wattnas compare` shows those; `wattnas models` marks such networks with: figures only.",
            )
        return self.maker()


def millions(text: str, source: str) -> Figure:
    """A figure printed in millions."""
    return Figure(text, 1e6, source)


def billions(text: str, source: str) -> Figure:
    """A figure printed in billions."""
    return Figure(text, 1e9, source)


def percent(text: str, source: str) -> Figure:
    """A figure printed in percent; its value is the share."""
    return Figure(text, 1e-2, source)
