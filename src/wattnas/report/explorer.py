"""The front explorer: networks of a sweep, and sliders that pick the cheapest that meets what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, ClassVar

from wattnas.report.drawing import looks_of, note_of
from wattnas.report.plots import axis, log_axis
from wattnas.report.sweep_file import UNITS, LayerCost, LayerShape, Network, Point, Reference, SweepFile
from wattnas.report.text import Number, cell, goal_text, number, share
from wattnas.units import Quantity

STEP = 0.005
"""Of the slider of the goal accuracy."""

NAMES = {
    "accuracy": "Accuracy",
    "energy_j": "Energy",
    "latency_s": "Latency",
    "params": "Parameters",
    "macs": "MACs",
    "memory_bytes": "Memory",
}


@dataclass(frozen=True)
class Bound:
    """A slider: what each of its stops asks for, and how that reads; None asks for nothing."""

    key: str
    label: str
    stops: tuple[tuple[float | None, str], ...]
    start: int


@dataclass(frozen=True)
class Explorer:
    """All that the template and the script show of a sweep."""

    names: ClassVar[dict[str, str]] = NAMES

    sweep: SweepFile
    bounds: tuple[Bound, ...]
    costs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For the page's script."""
        sweep = self.sweep
        operations = [name for entry in (*sweep.points, *sweep.references) for name in entry.architecture]
        axes = {key: axis(UNITS[key], NAMES[key]) for key in self.costs}
        log_axes = {key: log_axis(UNITS[key], NAMES[key], self._values(key)) for key in self.costs}
        return {
            "networks": [*map(_network, sweep.points), *map(_network, sweep.references)],
            "bounds": {bound.key: [value for value, _ in bound.stops] for bound in self.bounds},
            "texts": {bound.key: [text for _, text in bound.stops] for bound in self.bounds},
            "axes": axes | {"accuracy": axis("share", NAMES["accuracy"])},
            "logAxes": log_axes,
            "names": NAMES,
            "layers": [_layer(layer, operations) for layer in sweep.layers],
            "layerCosts": [
                {name: _cost(cost) for name, cost in layer.items()} for layer in sweep.layer_costs
            ],
            "looks": looks_of(operations),
        }

    def _values(self, key: str) -> list[float]:
        networks = (*self.sweep.points, *self.sweep.references)
        return [found.value for entry in networks if (found := entry.cost(key)) is not None]


def _layer(layer: LayerShape, operations: Sequence[str]) -> dict[str, Any]:
    """Shape of a layer, and what each candidate does there besides its name."""
    notes = {
        name: note_of(name, layer.in_channels, layer.out_channels, layer.stride) for name in set(operations)
    }
    kept = {name: note for name, note in sorted(notes.items()) if note}
    return {"channels": layer.out_channels, "size": layer.out_size, "notes": kept}


def _cost(cost: LayerCost) -> list[str]:
    """Latency and its origin, energy and its origin."""
    latency, energy = cost.latency_s, cost.energy_j
    texts = [number(latency.value, "s").text, latency.origin]
    return [*texts, number(energy.value, "J").text, energy.origin]


def build_explorer(sweep: SweepFile) -> Explorer:
    """The explorer of a sweep. It begins with the highest goal that is met."""
    known = tuple(key for key in UNITS if any(point.cost(key) is not None for point in sweep.points))
    bounds = [_goal(sweep.points)]
    bounds += [_most(key, sweep.points) for key in ("latency_s", "energy_j") if key in known]
    order = sorted(known, key=lambda key: key != sweep.minimize)
    return Explorer(sweep, tuple(bounds), tuple(order))


def cheapest(
    points: Sequence[Point],
    cost: str,
    goal: float | None,
    most: dict[str, float | None],
    *,
    is_sure: bool = False,
) -> Point | None:
    """The point with the least `cost` that meets all bounds; the more accurate one where two cost the same.

    A point of which a bound or the cost is not known does not meet it.

    Args:
        goal: least accuracy; None for any.
        most: largest cost by its name; None for any.
        is_sure: whether the lower end of the accuracy's interval has to reach the goal.
    """
    fit = [point for point in points if _meets(point, goal, most, is_sure) and point.cost(cost) is not None]
    return min(fit, key=lambda point: (_value(point, cost), -point.accuracy.value), default=None)


def _meets(point: Network, goal: float | None, most: dict[str, float | None], is_sure: bool) -> bool:
    reached = point.accuracy.low if is_sure else point.accuracy.value
    if goal is not None and (reached is None or reached < goal):
        return False
    return all(
        bound is None or (point.cost(key) is not None and _value(point, key) <= bound)
        for key, bound in most.items()
    )


def _value(point: Network, key: str) -> float:
    found = point.cost(key)
    assert found is not None
    return found.value


def _goal(points: Sequence[Point]) -> Bound:
    values = [point.accuracy.value for point in points]
    first, last = floor(min(values) / STEP), ceil(max(values) / STEP)
    goals = {round(place * STEP, 6) for place in range(first, last + 1)}
    goals |= {point.goal for point in points if point.goal is not None}
    stops = [(None, "any"), *((goal, goal_text(goal)) for goal in sorted(goals))]
    wanted = max((point.goal for point in points if point.goal is not None and point.met), default=None)
    start = next((place for place, (goal, _) in enumerate(stops) if goal == wanted), 0)
    return Bound("accuracy", "Goal accuracy, at least", tuple(stops), start)


def _most(key: str, points: Sequence[Point]) -> Bound:
    values = sorted({_value(point, key) for point in points if point.cost(key) is not None})
    stops = [*((value, number(value, UNITS[key]).text) for value in values), (None, "any")]
    return Bound(key, f"{NAMES[key]}, at most", tuple(stops), len(stops) - 1)


def _network(network: Point | Reference) -> dict[str, Any]:
    found: dict[str, Any] = {"name": network.name, "architecture": list(network.architecture)}
    costs = {key: quantity for key in UNITS if (quantity := network.cost(key)) is not None}
    found["numbers"] = {"accuracy": _number(network.accuracy, share)}
    found["numbers"] |= {key: _number(quantity) for key, quantity in costs.items()}
    if isinstance(network, Point):
        return found | {"command": network.command, "run": network.run}
    return found | {"group": network.group}


def _number(quantity: Quantity, shown: Callable[[float], Number] | None = None) -> dict[str, Any]:
    written = cell(quantity, shown)
    assert written.number is not None
    found = {"value": quantity.value, "text": written.number.text, "interval": written.interval}
    ends = {"low": quantity.low, "high": quantity.high}
    return found | ends | {"origin": quantity.origin, "source": quantity.source}
