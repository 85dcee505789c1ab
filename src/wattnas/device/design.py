"""Which whole networks are timed, so that the costs of all parts can be told from them.

A base network and, for every part that it lacks, the base with that one part swapped in: their differences
are what a part costs where it stands. And networks at random, which show how parts cost together: half of
them draw each layer alike from all candidates; the other half first draw how often each candidate comes, so
that networks with hardly any work and networks with most are among them, as a search with a goal returns
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wattnas.device.parts import part_keys
from wattnas.space import Architecture, Layout

_CONCENTRATION = 0.5


def base_network(layout: Layout) -> Architecture:
    """The candidate in the middle of the space's list at every layer."""
    names = layout.space.candidates
    return Architecture.of([names[len(names) // 2]] * len(layout.layers), layout.space)


def swap_ones(layout: Layout) -> list[Architecture]:
    """The base with one layer swapped: for each shape and candidate one, where the shape first stands."""
    base, found = base_network(layout).operations, []
    seen: set[str] = set()
    for layer in layout.layers:
        for name in layout.space.candidates:
            key = layer.key(name)
            if name != base[layer.index] and key not in seen:
                seen.add(key)
                swapped = [*base[: layer.index], name, *base[layer.index + 1 :]]
                found.append(Architecture.of(swapped, layout.space))
    return found


def random_networks(layout: Layout, seed: int, known: Sequence[Architecture] = ()) -> Iterator[Architecture]:
    """Ever more random networks, none with the same parts as another or as one of `known`.

    Ends when a thousand draws in a row gave nothing new: the space is spent.
    """
    rng = np.random.default_rng(seed)
    names, depth = layout.space.candidates, len(layout.layers)
    seen = {_fingerprint(layout, architecture) for architecture in known}
    idle, drawn = 0, 0
    while idle < 1000:
        drawn += 1
        share = rng.dirichlet([_CONCENTRATION] * len(names)) if drawn % 2 else None
        picks = rng.choice(len(names), size=depth, p=share)
        architecture = Architecture.of([names[pick] for pick in picks], layout.space)
        mark = _fingerprint(layout, architecture)
        idle = idle + 1 if mark in seen else 0
        if mark not in seen:
            seen.add(mark)
            yield architecture


def _fingerprint(layout: Layout, architecture: Architecture) -> tuple[str, ...]:
    """What the network runs, whatever the order: two alike cost alike, as far as a sum can tell."""
    return tuple(sorted(part_keys(layout, architecture)))
