"""Cost per layer, as a table and as bars."""

from __future__ import annotations

from dataclasses import dataclass

from wattnas.report.charts import BarChart, Unit
from wattnas.report.files import BetweenFacts, CostsFile, FixedFacts, LayerFacts
from wattnas.report.text import Number, number


@dataclass(frozen=True)
class Cost:
    """Seconds or joules of one part and how they came about; `number` is None where the profile has none."""

    number: Number | None
    origin: str = ""


@dataclass(frozen=True)
class CostRow:
    """One part of the network: searchable layer, stem, head, what is between them, or total."""

    place: str
    operation: str
    shape: str
    latency: Cost
    energy: Cost
    macs: Number
    params: Number


@dataclass(frozen=True)
class CostTable:
    """What each part costs for one image on `device`.

    Attributes:
        scope: what the totals of latency and energy sum over.
        rule: what counts as a MAC and as a parameter.
        sources: where latency and energy come from, without repetition.
        rows: input first.
        total: of the whole network.
        charts: the same as bars.
    """

    device: str
    scope: str
    rule: str
    sources: tuple[str, ...]
    rows: tuple[CostRow, ...]
    total: CostRow
    charts: tuple[BarChart, ...]


def build_costs(costs: CostsFile | None) -> CostTable | None:
    """The table; None where there are no costs yet."""
    if costs is None:
        return None
    ends = {fixed.part: fixed for fixed in costs.fixed}
    rows = [_end(ends["stem"])] if "stem" in ends else []
    rows += [_layer(layer) for layer in costs.layers]
    rows += [_end(ends["head"])] if "head" in ends else []
    rows += [_between(costs, costs.between)] if costs.between else []
    return CostTable(
        costs.device,
        costs.scope,
        costs.counting_rule,
        _sources(costs),
        tuple(rows),
        _total(costs),
        _charts(rows),
    )


def _layer(layer: LayerFacts) -> CostRow:
    shape = f"{layer.in_channels} × {layer.in_size}² → {layer.out_channels} × {layer.out_size}²"
    return CostRow(
        place=str(layer.layer),
        operation=layer.operation,
        shape=shape,
        latency=Cost(number(layer.latency_s, "s"), layer.latency_source.origin),
        energy=Cost(number(layer.energy_j, "J"), layer.energy_source.origin),
        macs=number(layer.macs, "1"),
        params=number(layer.params, "1"),
    )


def _end(fixed: FixedFacts) -> CostRow:
    latency, energy = fixed.latency_source, fixed.energy_source
    return CostRow(
        place=fixed.part,
        operation="",
        shape=fixed.key,
        latency=Cost(number(latency.value, "s"), latency.origin) if latency else Cost(None),
        energy=Cost(number(energy.value, "J"), energy.origin) if energy else Cost(None),
        macs=number(fixed.macs, "1"),
        params=number(fixed.params, "1"),
    )


def _between(costs: CostsFile, between: BetweenFacts) -> CostRow:
    """So that the rows add up to the total."""
    return _whole("between", "what all parts together take besides", between, costs)


def _total(costs: CostsFile) -> CostRow:
    return _whole("total", "", costs, costs, costs.macs, costs.params)


def _whole(
    place: str,
    shape: str,
    facts: BetweenFacts | CostsFile,
    costs: CostsFile,
    macs: float = 0,
    params: float = 0,
) -> CostRow:
    """A row of the network as a whole; its origins are those of the sums."""
    return CostRow(
        place=place,
        operation="",
        shape=shape,
        latency=Cost(number(facts.latency_s, "s"), costs.sources.latency_s.origin),
        energy=Cost(number(facts.energy_j, "J"), costs.sources.energy_j.origin),
        macs=number(macs, "1"),
        params=number(params, "1"),
    )


def _sources(costs: CostsFile) -> tuple[str, ...]:
    parts: list[LayerFacts | FixedFacts] = [*costs.layers, *costs.fixed]
    named = [("Latency", part.latency_source) for part in parts] + [
        ("Energy", part.energy_source) for part in parts
    ]
    texts = [
        f"{name}: {quantity.origin}, {quantity.source}" for name, quantity in named if quantity is not None
    ]
    return tuple(dict.fromkeys(texts))


def _charts(rows: list[CostRow]) -> tuple[BarChart, ...]:
    latency = [(_label(row), row.latency.number) for row in rows]
    energy = [(_label(row), row.energy.number) for row in rows]
    return (_bars("latency", "s", latency), _bars("energy", "J", energy))


def _bars(what: str, unit: Unit, parts: list[tuple[str, Number | None]]) -> BarChart:
    known = [(label, found) for label, found in parts if found is not None]
    most, largest = max(known, key=lambda part: part[1].value)
    return BarChart(
        key=f"layer-{what}",
        title=f"{what.capitalize()} of each layer",
        caption=f"The costliest is {most} with {largest.text}.",
        unit=unit,
        labels=tuple(label for label, _ in known),
        values=tuple(found.value for _, found in known),
    )


def _label(row: CostRow) -> str:
    return f"{row.place} {row.operation}".strip()
