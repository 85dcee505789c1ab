"""What many architectures cost at once: the numbers of `predict`, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wattnas.device.fitted import Covariance
from wattnas.device.memory import FLOAT_BYTES, alive_elements
from wattnas.device.parts import identities
from wattnas.device.profile import Profile
from wattnas.device.table import cost_table
from wattnas.space import Layout
from wattnas.space.count import count_candidate, count_head, count_stem

COSTS = ("energy_j", "latency_s", "params", "macs", "memory_bytes")
"""What architectures are judged by: joules, seconds, counts, bytes, for one image."""


@dataclass(frozen=True)
class Spread:
    """Covariance of the seconds of named parts, as the profile's fit keeps it.

    Attributes:
        keys: (layers, candidates) int64, which key each cell is; -1 where it is none of this fit.
        ends: (keys,), how often stem and head stand for each key.
        matrix: (keys, keys), square seconds.
        misfit: standard deviation of a network around the sum of its parts, as a share.
    """

    keys: Tensor
    ends: Tensor
    matrix: Tensor
    misfit: float

    def variance(self, paths: Tensor) -> Tensor:
        """(N,) of architectures (N, layers), without the misfit."""
        chosen = self.keys.gather(1, paths.t()).t()
        counts = torch.zeros(len(paths), len(self.matrix) + 1, dtype=torch.float64)
        counts.scatter_add_(1, chosen % (len(self.matrix) + 1), torch.ones_like(chosen, dtype=torch.float64))
        counts = counts[:, :-1] + self.ends
        return ((counts @ self.matrix) * counts).sum(1).clamp_min(0.0)


@dataclass(frozen=True)
class NetworkCosts:
    """Costs of all architectures of a layout on one device.

    Attributes:
        tables: cost -> (layers, candidates) float64; its sum over layers, plus `fixed`, is the network's.
        fixed: cost -> what every architecture has besides (stem, head), where the profile counts it.
        alive: (layers, candidates), most activations alive there; `alive_ends` in stem and head.
        spreads: of the seconds, where the profile keeps covariances of every part.
    """

    tables: dict[str, Tensor]
    fixed: dict[str, float]
    alive: Tensor
    alive_ends: float
    spreads: tuple[Spread, ...]

    def of(self, paths: Tensor) -> dict[str, Tensor]:
        """Cost -> (N,) float64, of architectures (N, layers) given as columns of the tables."""
        found = {
            name: table.gather(1, paths.t()).sum(0) + self.fixed[name] for name, table in self.tables.items()
        }
        peak = self.alive.gather(1, paths.t()).amax(0).clamp_min(self.alive_ends)
        return found | {"memory_bytes": FLOAT_BYTES * (found["params"] + peak)}

    def least(self) -> dict[str, float]:
        """Cost -> what no architecture is below: the least of every layer."""
        found = {name: float(table.amin(1).sum()) + self.fixed[name] for name, table in self.tables.items()}
        peak = max(float(self.alive.amin(1).max()), self.alive_ends)
        return found | {"memory_bytes": FLOAT_BYTES * (found["params"] + peak)}

    def relaxed(self, gates: Tensor) -> dict[str, Tensor]:
        """Cost -> (), expected under gates (layers, candidates), rows summing to 1; differentiable.

        Memory takes the layer that needs most in expectation, as an architecture takes its largest layer.
        """
        found = {name: (table * gates).sum() + self.fixed[name] for name, table in self.tables.items()}
        peak = (self.alive * gates).sum(1).amax().clamp_min(self.alive_ends)
        return found | {"memory_bytes": FLOAT_BYTES * (found["params"] + peak)}

    def sigma(self, paths: Tensor) -> dict[str, Tensor]:
        """Standard deviation of seconds and joules, (N,); 0 where the profile keeps none.

        Joules spread as seconds do, in proportion: exact where they are modelled from them. `predict` has the
        energy fit's own spread, for one network at a time.
        """
        costs = self.of(paths)
        latency = costs["latency_s"]
        variance = torch.zeros_like(latency)
        for spread in self.spreads:
            variance += spread.variance(paths)
        misfit = max((spread.misfit for spread in self.spreads), default=0.0)
        sigma = (variance + (misfit * latency) ** 2).sqrt()
        share = torch.where(latency > 0, sigma / latency.clamp_min(1e-300), 0.0)
        return {"latency_s": sigma, "energy_j": share * costs["energy_j"]}


def network_costs(profile: Profile, layout: Layout) -> NetworkCosts:
    """The costs of all architectures of `layout` by `profile`.

    Raises:
        ProfileError: some candidate is not covered.
    """
    table = cost_table(profile, layout)
    counts = [[count_candidate(layer, c) for c in layout.candidates] for layer in layout.layers]
    ends = count_stem(layout).plus(count_head(layout))
    alive_ends, alive = alive_elements(layout)
    return NetworkCosts(
        tables={
            "energy_j": table.energy_j,
            "latency_s": table.latency_s,
            "params": torch.tensor([[c.params for c in row] for row in counts], dtype=torch.float64),
            "macs": torch.tensor([[c.macs for c in row] for row in counts], dtype=torch.float64),
        },
        fixed={
            "energy_j": table.fixed_energy_j,
            "latency_s": table.fixed_latency_s,
            "params": float(ends.params),
            "macs": float(ends.macs),
        },
        alive=torch.tensor(alive, dtype=torch.float64),
        alive_ends=float(alive_ends),
        spreads=_spreads(profile, layout),
    )


def _spreads(profile: Profile, layout: Layout) -> tuple[Spread, ...]:
    """The fits' covariances; none unless together they know every part, as in `spread.latency_sigma`."""
    fits = [fit.latency for fit in profile.fits]
    known = {key for fit in fits for key in fit.keys}
    gone = set(identities(layout))
    wanted = {layer.key(c) for layer in layout.layers for c in layout.candidates} - gone
    if not fits or profile.scope != "network" or not wanted | {layout.stem_key, layout.head_key} <= known:
        return ()
    return tuple(_spread(fit, layout, gone) for fit in fits)


def _spread(fit: Covariance, layout: Layout, gone: set[str]) -> Spread:
    place = {key: index for index, key in enumerate(fit.keys)}
    rows = [
        [-1 if (key := layer.key(c)) in gone else place.get(key, -1) for c in layout.candidates]
        for layer in layout.layers
    ]
    ends = torch.zeros(len(fit.keys), dtype=torch.float64)
    for key in (layout.stem_key, layout.head_key):
        if key in place:
            ends[place[key]] += 1
    return Spread(torch.tensor(rows), ends, torch.from_numpy(fit.matrix()), fit.misfit)
