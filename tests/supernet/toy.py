"""Small layouts with every kind of layer: identity skip, skip by projection, groups, strides."""

from __future__ import annotations

from wattnas.space import Head, Input, Layout, Space, Stage, Stem, load_space

WITH_SKIP = ("k3_e1", "k3_e3", "k5_e1_g2", "skip")
WITHOUT_SKIP = ("k3_e1", "k5_e3")


def toy_space(candidates: tuple[str, ...] = WITH_SKIP, dropout: float = 0.0) -> Space:
    """A space of five layers: some keep their shape, one changes the width, one has a stride."""
    return Space(
        name="toy",
        input=Input(channels=(1, 3), min_size=4, max_size=16),
        stem=Stem(channels=4),
        stages=(
            Stage(channels=4, layers=1),
            Stage(channels=6, layers=2),
            Stage(channels=8, layers=2, stride=2),
        ),
        candidates=candidates,
        head=Head(channels=8, dropout=dropout, pool="flatten"),
    )


def toy_layout(candidates: tuple[str, ...] = WITH_SKIP, dropout: float = 0.0) -> Layout:
    """That space for colour images of 8 pixels and three classes."""
    return Layout.resolve(toy_space(candidates, dropout), classes=3, channels=3, size=8)


def tiny_layout() -> Layout:
    """The space `tiny` at its smallest grey input."""
    return Layout.resolve(load_space("tiny"), classes=10, channels=1, size=8)
