"""A network as it is analysed: its exported file, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wattnas.units import Quantity

Weights = Literal["random", "trained", "as given"]


@dataclass(frozen=True)
class Loaded:
    """A target as an exported network, and what is known of it beforehand.

    Attributes:
        content: the ONNX file.
        params: trainable parameters; None where only the file is there.
        weights: "random" where nothing was learned.
        literature: published figures by name, such as top1.
        measured: figures found before, such as a run's accuracy on its test images.
        notes: what a reader of the numbers should know.
    """

    content: bytes
    params: int | None
    weights: Weights
    literature: dict[str, Quantity] = field(default_factory=dict)
    measured: dict[str, Quantity] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
