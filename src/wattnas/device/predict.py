"""What a whole network will cost on a device: the sum of its parts, each with its source."""

from __future__ import annotations

from math import fsum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from wattnas.device.between import MOST_SAVED, measure_of
from wattnas.device.fitted import BetweenFit
from wattnas.device.joules import energy_sigma, kind_of
from wattnas.device.lookup import Cost, Wanted, look_up, weakest
from wattnas.device.memory import memory_bytes
from wattnas.device.parts import part_keys
from wattnas.device.profile import Profile
from wattnas.device.spread import between_fit, latency_sigma, takes_joules
from wattnas.device.table import fixed_parts
from wattnas.errors import SpaceError
from wattnas.space import Architecture, Candidate, Layer, Layout, count_layout
from wattnas.space.count import Count, count_candidate, count_head, count_stem
from wattnas.units import Z_95, Quantity

COUNTING_RULE = (
    "One multiply-add is one MAC. Counted: convolutions and the linear classifier of stem, layers and head, "
    "for one image. Not counted: BatchNorm (folded at inference), ReLU, additions, bias, shuffles, pooling. "
    "Parameters: all trainable ones (weights, biases, BatchNorm scales and shifts)."
)
_COUNTED = "counted from shapes; see counting_rule"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LayerCost(_Part):
    """One searchable layer of a `CostReport`: its shapes, counts, seconds and joules for one image."""

    layer: int
    operation: str
    key: str
    in_channels: int
    out_channels: int
    stride: int
    in_size: int
    out_size: int
    params: int
    macs: int
    latency_s: float
    energy_j: float
    latency_source: Quantity
    energy_source: Quantity


class FixedCost(_Part):
    """Stem or head of a `CostReport`; no seconds and joules where the profile's scope leaves them out."""

    part: Literal["stem", "head"]
    key: str
    params: int
    macs: int
    latency_s: float | None = None
    energy_j: float | None = None
    latency_source: Quantity | None = None
    energy_source: Quantity | None = None


class BetweenCost(_Part):
    """What a network takes besides the sum of its parts; below 0 where it takes less.

    `latency_by` has the seconds by their cause: weights, changes of the order of memory.
    """

    latency_s: float
    energy_j: float
    latency_by: dict[str, float]


class Sources(_Part):
    """Unit, origin, spread and source of the totals of a `CostReport`."""

    latency_s: Quantity
    energy_j: Quantity
    params: Quantity
    macs: Quantity


class CostReport(_Part):
    """What a network costs for one image, as `wattnas cost --json` prints it and `costs.json` stores it.

    Attributes:
        space, device, architecture: names of space and profile; one candidate name per layer.
        params, macs: of the whole network, stem and head included, by `counting_rule`.
        latency_s, energy_j: seconds and joules, summed over what `scope` says.
        memory_bytes: modelled peak memory.
        sources: unit, origin, interval and source of these totals.
        layers, fixed: the parts; `params` and `macs` of both add up to the totals.
        between: what is to be added to the seconds and joules of the parts for the totals; None where the
            profile knows nothing of it.
    """

    space: str
    device: str
    architecture: tuple[str, ...]
    params: int
    macs: int
    latency_s: float
    energy_j: float
    memory_bytes: Quantity
    scope: str
    counting_rule: str
    sources: Sources
    layers: tuple[LayerCost, ...]
    fixed: tuple[FixedCost, ...]
    between: BetweenCost | None = None


def predict(profile: Profile, layout: Layout, architecture: Architecture) -> CostReport:
    """What `architecture` costs at the shapes of `layout` by `profile`.

    Raises:
        SpaceError: the architecture belongs to another space than the layout.
        ProfileError: the profile does not cover a layer of it; names the missing entries.
    """
    if architecture.space_hash != layout.space.hash:
        raise SpaceError(
            f"The architecture belongs to space {architecture.space!r}, the layout to {layout.space.name!r}.",
            "Resolve the layout from the architecture's own space.",
        )
    standing = list(zip(layout.layers, architecture.candidates, strict=True))
    wanted = [Wanted(layer.key(candidate), layer.index) for layer, candidate in standing]
    costs = look_up(profile, layout, wanted + fixed_parts(profile, layout))
    total = count_layout(layout, architecture)
    latency, energy, between = _totals(profile, layout, architecture, costs)
    sources = Sources(
        latency_s=latency,
        energy_j=energy,
        params=Quantity(value=total.params, unit="1", origin="modelled", source=_COUNTED),
        macs=Quantity(value=total.macs, unit="1", origin="modelled", source=_COUNTED),
    )
    depth = len(standing)
    return CostReport(
        space=layout.space.name,
        device=profile.name,
        architecture=architecture.operations,
        params=total.params,
        macs=total.macs,
        latency_s=sources.latency_s.value,
        energy_j=sources.energy_j.value,
        memory_bytes=memory_bytes(layout, architecture, total.params),
        scope=profile.scope_text,
        counting_rule=COUNTING_RULE,
        sources=sources,
        layers=tuple(_layer(*place, cost) for place, cost in zip(standing, costs[:depth], strict=True)),
        fixed=_fixed(layout, costs[depth:]),
        between=between,
    )


def _totals(
    profile: Profile, layout: Layout, architecture: Architecture, costs: list[Cost]
) -> tuple[Quantity, Quantity, BetweenCost | None]:
    """Seconds and joules of the network, and what of them is between its parts.

    With the interval of the profile's covariances where it has them.
    """
    latency = _sum([cost.latency for cost in costs], profile)
    energy = _sum([cost.energy for cost in costs], profile)
    fit = between_fit(profile, layout) if profile.scope == "network" else None
    amounts: dict[str, float] = {}
    between = None
    if fit is not None and fit.between is not None:
        amounts = measure_of(layout, architecture, fit.between.params)
        joules = energy.value if takes_joules(fit) else 0.0
        between = _between(amounts, fit.between, latency.value, joules)
        latency, energy = _plus(latency, between.latency_s), _plus(energy, between.energy_j)
    keys = part_keys(layout, architecture)
    sigma_s = (
        latency_sigma(profile, keys, latency.value, fit, amounts) if profile.scope == "network" else None
    )
    if sigma_s is None:
        return latency, energy, between
    sigma_j = _energy_sigma(profile, keys, latency, energy, sigma_s)
    energy = energy if sigma_j is None else _within(energy, sigma_j)
    return _within(latency, sigma_s), energy, between


def _between(amounts: dict[str, float], known: BetweenFit, latency_s: float, energy_j: float) -> BetweenCost:
    """By cause; joules at the watts of parts that take `energy_j`; never so little that nothing is left."""
    by = {name: amount * known.seconds.get(name, 0.0) for name, amount in amounts.items()}
    seconds = max(fsum(by.values()), -MOST_SAVED * latency_s)
    watts = energy_j / latency_s if latency_s > 0 else 0.0
    return BetweenCost(latency_s=seconds, energy_j=watts * seconds, latency_by=by)


def _plus(total: Quantity, more: float) -> Quantity:
    """`total` and its ends moved by `more`."""
    ends = {name: getattr(total, name) for name in ("value", "low", "high")}
    moved = {name: max(end + more, 0.0) for name, end in ends.items() if end is not None}
    if not more:
        return total
    source = f"{total.source}, and what is between them"
    return total.model_copy(update=moved | {"source": source})


def _energy_sigma(
    profile: Profile, keys: list[str], latency: Quantity, energy: Quantity, sigma_s: float
) -> float | None:
    """Standard deviation of the joules: by the energy fit, or as the seconds' where joules follow them.

    None where some parts have measured energies and others modelled ones, or no fit knows all kinds of block.
    """
    fits = [fit.energy for fit in profile.fits if not set(keys).isdisjoint(fit.latency.keys)]
    if not any(fits):
        return sigma_s * energy.value / latency.value if latency.value > 0 else 0.0
    kinds = {kind_of(key) for key in keys}
    able = [fit for fit in fits if fit is not None and kinds <= set(fit.watts)]
    if len(able) < len(fits):
        return None
    seconds = {entry.key: entry.latency.value for entry in profile.entries}
    return max(energy_sigma(fit, keys, seconds, sigma_s) for fit in able)


def _within(total: Quantity, sigma: float) -> Quantity:
    """`total` with the 95 % interval that `sigma` makes, cut off at 0."""
    low, high = max(total.value - Z_95 * sigma, 0.0), total.value + Z_95 * sigma
    return total.model_copy(update={"low": low, "high": high})


def _sum(parts: list[Quantity], profile: Profile) -> Quantity:
    """The total of a network: predicted, or modelled where a part that adds to it is modelled.

    Its interval adds up those of the parts, as if all erred together: the widest that the parts allow. There
    is none where a part that adds something has none.
    """
    adding = [part for part in parts if part.value > 0]
    bounds = [(part.low, part.high) for part in adding if part.low is not None and part.high is not None]
    known = bool(adding) and len(bounds) == len(adding)
    modelled = bool(adding) and weakest(adding) == "modelled"
    return Quantity(
        value=fsum(part.value for part in adding),
        unit=parts[0].unit,
        origin="modelled" if modelled else "predicted",
        low=fsum(low for low, _ in bounds) if known else None,
        high=fsum(high for _, high in bounds) if known else None,
        source=f"sum of {len(parts)} entries of profile {profile.name} ({profile.scope_text})",
    )


def _layer(layer: Layer, candidate: Candidate, cost: Cost) -> LayerCost:
    count = count_candidate(layer, candidate)
    return LayerCost(
        layer=layer.index,
        operation=candidate.name,
        key=layer.key(candidate),
        in_channels=layer.in_channels,
        out_channels=layer.out_channels,
        stride=layer.stride,
        in_size=layer.in_size,
        out_size=layer.out_size,
        params=count.params,
        macs=count.macs,
        latency_s=cost.latency.value,
        energy_j=cost.energy.value,
        latency_source=cost.latency,
        energy_source=cost.energy,
    )


def _fixed(layout: Layout, costs: list[Cost]) -> tuple[FixedCost, ...]:
    """Stem and head, with their costs where the profile has them."""
    stem, head = costs or (None, None)
    return (
        _end("stem", layout.stem_key, count_stem(layout), stem),
        _end("head", layout.head_key, count_head(layout), head),
    )


def _end(part: Literal["stem", "head"], key: str, count: Count, cost: Cost | None) -> FixedCost:
    if cost is None:
        return FixedCost(part=part, key=key, params=count.params, macs=count.macs)
    return FixedCost(
        part=part,
        key=key,
        params=count.params,
        macs=count.macs,
        latency_s=cost.latency.value,
        energy_j=cost.energy.value,
        latency_source=cost.latency,
        energy_source=cost.energy,
    )
