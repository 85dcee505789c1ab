"""A cost table: a profile applied to a space, as the tensors that a search multiplies its gates with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wattnas.device.lookup import Cost, Wanted, look_up
from wattnas.device.profile import Profile
from wattnas.space import Layout


@dataclass(frozen=True, eq=False)
class CostTable:
    """What every candidate costs at every layer, for one image.

    Attributes:
        device: name of the profile.
        space: name of the space.
        scope: what the profile's costs sum over, in words.
        latency_s, energy_j: (layers, candidates) float64, seconds and joules; columns as theta's.
        fixed_latency_s, fixed_energy_j: stem and head together; 0.0 where `scope` leaves them out.
        cells: the same numbers with origin, spread and source, [layer][candidate].
        fixed: those of stem and head, in that order; empty where `scope` leaves them out.
    """

    device: str
    space: str
    scope: str
    latency_s: Tensor
    energy_j: Tensor
    fixed_latency_s: float
    fixed_energy_j: float
    cells: tuple[tuple[Cost, ...], ...]
    fixed: tuple[Cost, ...]


def fixed_parts(profile: Profile, layout: Layout) -> list[Wanted]:
    """Stem and head, where the profile's scope has them."""
    return [Wanted(layout.stem_key), Wanted(layout.head_key)] if profile.scope == "network" else []


def cost_table(profile: Profile, layout: Layout) -> CostTable:
    """The costs of all candidates of `layout` by `profile`.

    Raises:
        ProfileError: some cell is not covered; names the missing entries and the command that measures them.
    """
    width = len(layout.candidates)
    wanted = [Wanted(layer.key(c), layer.index) for layer in layout.layers for c in layout.candidates]
    found = look_up(profile, layout, wanted + fixed_parts(profile, layout))
    cells = tuple(tuple(found[start : start + width]) for start in range(0, len(wanted), width))
    fixed = tuple(found[len(wanted) :])
    return CostTable(
        device=profile.name,
        space=layout.space.name,
        scope=profile.scope_text,
        latency_s=torch.tensor([[cell.latency.value for cell in row] for row in cells], dtype=torch.float64),
        energy_j=torch.tensor([[cell.energy.value for cell in row] for row in cells], dtype=torch.float64),
        fixed_latency_s=sum((cost.latency.value for cost in fixed), 0.0),
        fixed_energy_j=sum((cost.energy.value for cost in fixed), 0.0),
        cells=cells,
        fixed=fixed,
    )
