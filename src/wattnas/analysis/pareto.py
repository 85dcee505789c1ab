"""Which networks no other beats."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Indices of points that no other point beats, cheapest first.

    A point is beaten by one that costs no more (lower is better) and is worth no less (higher is better), and
    is better in one of them. Of equal points the first stays.
    """
    if len(costs) != len(values):
        raise ValueError(f"{len(costs)} costs for {len(values)} values")
    front: list[int] = []
    best = float("-inf")
    for index in sorted(range(len(costs)), key=lambda i: (costs[i], -values[i], i)):
        if values[index] > best:
            front.append(index)
            best = values[index]
    return front
