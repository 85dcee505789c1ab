"""What a device is asked to time for a profile: every block alone, then networks in waves, as time allows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from wattnas.agent.timing import STRETCH, Protocol
from wattnas.device.design import base_network, random_networks, swap_ones
from wattnas.device.parts import parts
from wattnas.errors import ConfigError
from wattnas.space import Architecture, Layout
from wattnas.units import format_duration

CHECKED = 30
"""Networks that are kept out of a fit, to check it."""

_RANDOM_PER_SWAP = 1.5
_LEAST, _FEW = 20, 40
_LOADING_S = 0.15


class Network(NamedTuple):
    """A whole network that is timed, and whether the fit may see it."""

    architecture: Architecture
    held_out: bool


@dataclass(frozen=True)
class Plan:
    """What is timed, in order.

    Attributes:
        anchor: the network that every stretch is held against.
        blocks: keys of the parts that are timed alone.
        networks: whole networks in the order they are timed; held-out ones are spread over all of them.
    """

    anchor: Architecture
    blocks: tuple[str, ...]
    networks: tuple[Network, ...]


def make_plan(
    layout: Layout, protocol: Protocol, budget_s: float | None, seed: int, *, known: Sequence[str] = ()
) -> Plan:
    """As many networks as `budget_s` seconds allow, after the blocks that are not `known` already.

    Without a budget there are 40 of them: hardly more than a sum of blocks needs to be put right.

    Raises:
        ConfigError: a budget in which hardly any network can be timed; names the least that does.
    """
    blocks = tuple(part.key for part in parts(layout) if part.key not in set(known))
    shapes = len({part.shape for part in parts(layout) if part.key in blocks})
    each = seconds_per_item(protocol)
    room = _FEW if budget_s is None else int(budget_s / each) - len(blocks) - shapes
    if budget_s is not None and room < _LEAST:
        least = (len(blocks) + shapes + _LEAST) * each
        raise ConfigError(
            f"{format_duration(budget_s)} are too short to time space {layout.space.name!r}: "
            f"{len(blocks)} blocks and {_LEAST} networks take about {format_duration(least)}.",
            f"Give --budget {round(least / 60 + 1)}m or more.",
        )
    return Plan(base_network(layout), blocks, tuple(_networks(layout, room, seed)))


def seconds_per_item(protocol: Protocol) -> float:
    """About how long one item takes, its share of the anchor included."""
    windows = protocol.warmup_s + 1.1 * protocol.rounds * protocol.window_s
    return (windows + _LOADING_S) * (1 + 1 / STRETCH)


def _networks(layout: Layout, room: int, seed: int) -> list[Network]:
    """At most `room` networks, a quarter of them, up to 30, held out; others are swaps and random ones."""
    base, swaps = base_network(layout), swap_ones(layout)
    shuffle = random.Random(seed)
    shuffle.shuffle(swaps)
    held = min(CHECKED, room // 4)
    swaps = swaps[: int((room - held) / (1 + _RANDOM_PER_SWAP))]
    drawn = list(islice(random_networks(layout, seed, [base, *swaps]), room - len(swaps) - 1))
    held = min(held, len(drawn), (len(drawn) + len(swaps) + 1) // 4)  # a small space has few networks
    fitted = [Network(a, held_out=False) for a in [base, *swaps, *drawn[held:]]]
    shuffle.shuffle(fitted)
    return _among(fitted, [Network(a, held_out=True) for a in drawn[:held]])


def _among(fitted: Sequence[Network], held: Sequence[Network]) -> list[Network]:
    """`held` ones evenly among the first half of all: where time runs out, they have been timed."""
    mixed, each = list[Network](), max(1, len(fitted) // max(1, 2 * len(held)))
    for start in range(0, len(fitted), each):
        mixed += fitted[start : start + each]
        number = start // each
        mixed += held[number : number + 1]
    return mixed + list(held[-(-len(fitted) // each) :])


def waves(networks: Sequence[Network], size: int = 2 * STRETCH) -> list[Sequence[Network]]:
    """The networks in groups; after each it is known whether there is time for another."""
    return [networks[start : start + size] for start in range(0, len(networks), size)]
