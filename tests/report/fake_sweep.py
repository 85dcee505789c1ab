"""A sweep as issue of one supernet would leave it: real costs of the published tables, made-up accuracies."""

from __future__ import annotations

import math
import random
from functools import cache

from wattnas.device import CostReport, load_profile, predict
from wattnas.report.references import SOURCE, published
from wattnas.report.sweep_file import LayerCost, LayerShape, Point, Reference, SweepFile
from wattnas.space import Architecture, Layout, load_space
from wattnas.units import Quantity

DEVICE, SPACE = "ozawa-2021", "cifar"
GOALS = {0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8, 4: 0.85}


@cache
def layout() -> Layout:
    """Of the space, for ten classes."""
    return Layout.resolve(load_space(SPACE), classes=10)


@cache
def priced(operations: tuple[str, ...]) -> CostReport:
    """What the published tables say that an architecture costs."""
    return predict(load_profile(DEVICE), layout(), Architecture.of(operations, layout().space))


def make_sweep(count: int = 24, seed: int = 0, names: dict[int, str] | None = None) -> SweepFile:
    """`count` random networks, denser ones more accurate, and the published ones as references.

    Args:
        names: of some points by their place; the others are called "net-PLACE".
    """
    draw = random.Random(seed)
    points = [_point(place, draw, (names or {}).get(place, f"net-{place}")) for place in range(count)]
    layers = tuple(
        LayerShape(
            in_channels=layer.in_channels,
            out_channels=layer.out_channels,
            out_size=layer.out_size,
            stride=layer.stride,
        )
        for layer in layout().layers
    )
    return SweepFile(
        title="CIFAR-10, one supernet",
        device=DEVICE,
        space=SPACE,
        data="../shared/data/cifar10",
        layers=layers,
        layer_costs=_layer_costs(),
        points=tuple(points),
        references=tuple(_references()),
        created="2026-05-04T09:12:44+00:00",
        seconds={"supernet": 612.5, "selection": 21.0, "training": 1804.2},
        facts={"seed": 0, "versions": {"wattnas": "0.1.0", "torch": "2.13.0"}},
        warnings=("The profile knows no spread.",),
    )


def _point(place: int, draw: random.Random, name: str) -> Point:
    candidates = [name for name in layout().space.candidates if name != "skip"]
    share = draw.random()
    operations = tuple(draw.choice(candidates) if draw.random() < share else "skip" for _ in layout().layers)
    cost = priced(operations)
    accuracy = 0.45 + 0.48 * (1 - math.exp(-share * 2.2)) + 0.02 * draw.random()
    goal = GOALS.get(place)
    return Point(
        name=name,
        architecture=operations,
        **_numbers(cost, _accuracy(round(accuracy, 4), place % 3 != 2)),
        command=f"wattnas build --data photos/ --goal-accuracy {accuracy:.3f} --out runs/sweep/{place}",
        goal=goal,
        met=None if goal is None else accuracy >= goal,
        run=f"runs/sweep/{place}",
    )


def _accuracy(value: float, is_measured: bool) -> Quantity:
    half = 0.011 if is_measured else 0.03
    return Quantity(
        value=value,
        unit="1",
        origin="measured" if is_measured else "predicted",
        low=value - half,
        high=min(1.0, value + half),
        n=5000 if is_measured else None,
        source="5,000 test images" if is_measured else "calibrated from inherited weights",
    )


def _numbers(cost: CostReport, accuracy: Quantity) -> dict[str, Quantity]:
    sources = cost.sources
    return {
        "accuracy": accuracy,
        "energy_j": sources.energy_j,
        "latency_s": sources.latency_s,
        "params": sources.params,
        "macs": sources.macs,
    }


def _references() -> list[Reference]:
    found = []
    for entry in published(SPACE):
        accuracy = Quantity(value=entry.accuracy, unit="1", origin="literature", source=SOURCE)
        numbers = _numbers(priced(entry.operations), accuracy)
        found.append(
            Reference(name=entry.name, architecture=entry.operations, group="Ozawa et al.", **numbers)
        )
    return found


def _layer_costs() -> tuple[dict[str, LayerCost], ...]:
    names = layout().space.candidates
    by_name = {name: priced((name,) * len(layout().layers)) for name in names}
    return tuple(
        {
            name: LayerCost(
                latency_s=report.layers[place].latency_source, energy_j=report.layers[place].energy_source
            )
            for name, report in by_name.items()
        }
        for place in range(len(layout().layers))
    )
