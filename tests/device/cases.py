"""Published figures, and small profiles and spaces to test with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattnas.device import Entry, Position, Profile
from wattnas.device.assemble import Facts, make_entries, make_profile
from wattnas.device.design import base_network
from wattnas.device.fitted import Anchor, BetweenFit, Covariance, EnergyFit, Fit
from wattnas.device.parts import parts
from wattnas.space import Layout, load_space
from wattnas.space.load import parse_space
from wattnas.units import Quantity

SHARED = Path(__file__).parents[2].parent / "shared"

# Ozawa et al., figures 6 and 7; joules and parameters as the notes on their tables give them.
PUBLISHED: dict[str, tuple[str, float, float]] = {
    "S1-L100": (
        "skip k3_e6 skip k3_e6 skip k5_e6 k5_e6 skip skip k5_e6 skip skip skip k5_e6 "
        "skip skip skip skip skip skip skip skip",
        3.463,
        0.3246e6,
    ),
    "S1-L80": (
        "skip k3_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e6 "
        "skip skip skip skip skip skip skip skip",
        2.313,
        0.2979e6,
    ),
    "S1-L65": (
        "skip k3_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip skip skip skip "
        "skip skip skip skip skip skip skip skip",
        1.668,
        0.2314e6,
    ),
    "S1-L50": (
        "skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e1_g2 skip skip skip skip "
        "skip skip skip skip skip skip skip skip",
        1.071,
        0.2114e6,
    ),
    "S1-L35": (
        "skip skip skip skip skip skip skip skip skip k5_e1 skip skip skip skip "
        "skip skip skip skip skip skip skip skip",
        0.451,
        0.1952e6,
    ),
    "S2-Normal": (
        "skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip skip skip skip "
        "skip skip skip skip skip skip skip skip",
        1.622,
        0.2330e6,
    ),
}

TOY_SPACE = """
name: toy
input: {channels: [1], min_size: 8, max_size: 8}
stem: {channels: 8}
stages: [{channels: 8, layers: 2}]
candidates: [k3_e1, skip]
head: {channels: 8}
"""

# Layers 2 to 5 of cifar, under a name and in a network of their own.
PART_OF_CIFAR = """
name: mine
input: {channels: [3], min_size: 16, max_size: 16}
stem: {channels: 24}
stages: [{channels: 24, layers: 2}, {channels: 32, layers: 1, stride: 2}]
candidates: [skip, k5_e6, k3_e1]
head: {channels: 40}
"""


def cifar() -> Layout:
    return Layout.resolve(load_space("cifar"), classes=10)


def toy(classes: int = 2) -> Layout:
    """Stem 1 -> 8 channels, two layers of 8x8x8 with one shape between them, head 8 -> 8 -> classes."""
    return Layout.resolve(parse_space(TOY_SPACE, "toy"), classes=classes)


def part_of_cifar() -> Layout:
    return Layout.resolve(parse_space(PART_OF_CIFAR, "mine"), classes=4)


def seconds(value: float, low: float | None = None, high: float | None = None) -> Quantity:
    return Quantity(value=value, unit="s", origin="measured", low=low, high=high, source="a stopwatch")


def joules(value: float) -> Quantity:
    return Quantity(value=value, unit="J", origin="measured", source="a wattmeter")


def entry(key: str, latency: float, energy: float, layer: int | None = None, space: str = "abc") -> Entry:
    place = None if layer is None else Position(space="somewhere", space_hash=space, layer=layer)
    return Entry(key=key, position=place, latency=seconds(latency), energy=joules(energy))


def profile(*entries: Entry, scope: str = "layers") -> Profile:
    return Profile.model_validate(
        {"name": "bench", "description": "a test", "hardware": "a desk", "scope": scope, "entries": entries}
    )


def toy_profile(scope: str = "network") -> Profile:
    """Every part of the toy space, each with a cost of its own."""
    return profile(
        entry("stem_k3 1x8x8 -> 8 s1", 0.1, 1.0),
        entry("k3_e1 8x8x8 -> 8 s1", 0.02, 0.2),
        entry("skip 8x8x8 -> 8 s1", 0.0, 0.0),
        entry("head_average 8x1x1 -> 8 -> 2", 0.5, 5.0),
        entry("head_average 8x8x8 -> 8 -> 2", 0.003, 0.03),
        scope=scope,
    )


def fitted(
    layout: Layout,
    seconds: Mapping[str, float],
    *,
    matrix: NDArray[np.float64] | None = None,
    misfit: float = 0.01,
    target: str = "local",
    energy: EnergyFit | None = None,
    between: BetweenFit | None = None,
) -> Fit:
    """A campaign that found these seconds, each known to a tenth, or as `matrix` says.

    `matrix` has rows for what is `between`, too, after those of the parts.
    """
    spreads = np.diag([(0.1 * value) ** 2 for value in seconds.values()])
    return Fit(
        space=layout.space,
        channels=layout.channels,
        size=layout.size,
        classes=layout.classes,
        latency=Covariance.of(
            (*seconds, *(between.seconds if between else ())), spreads if matrix is None else matrix, misfit
        ),
        scale=0.9,
        between=between,
        networks=40,
        anchor=Anchor(operations=base_network(layout).operations, seconds=sum(seconds.values())),
        target=target,
        energy=energy,
        protocol={"rounds": 9},
        state={"machine": {"cpu": "Example CPU", "load": 0.25}, "throttled": []},
    )


def campaign_profile(
    layout: Layout,
    seconds: Mapping[str, float] | None = None,
    *,
    watts: float = 10.0,
    threads: int = 1,
    **fit: Any,
) -> Profile:
    """The profile of a campaign (see `fitted`); by default part number i, from 1, takes i milliseconds."""
    seconds = seconds or {part.key: 1e-3 * number for number, part in enumerate(parts(layout), start=1)}
    found = fitted(layout, seconds, **fit)
    facts = Facts(
        name="bench",
        hardware="Example CPU, 2 cores, Linux 1.0 x86_64",
        runtime="onnxruntime 9.9",
        threads=threads,
        date=date(2026, 1, 31),
        watts=None if found.energy else watts,
    )
    entries = make_entries(layout, found, seconds, facts)
    return make_profile(entries, [found], facts, ["mind the step"], "a test")
