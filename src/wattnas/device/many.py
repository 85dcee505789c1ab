"""What many architectures cost at once: the numbers of `predict`, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wattnas.device.between import MOST_SAVED, Between, names_of
from wattnas.device.fitted import Covariance
from wattnas.device.memory import FLOAT_BYTES, alive_elements
from wattnas.device.parts import identities
from wattnas.device.profile import Profile
from wattnas.device.spread import between_fit, takes_joules
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
        names: columns of what is between parts, in the order of `Between.names`; none where another fit has
            it.
    """

    keys: Tensor
    ends: Tensor
    matrix: Tensor
    misfit: float
    names: tuple[int, ...] = ()

    def variance(self, paths: Tensor, amounts: Tensor | None = None) -> Tensor:
        """(N,) of architectures (N, layers), with (N, names) between their parts; without the misfit."""
        chosen = self.keys.gather(1, paths.t()).t()
        counts = torch.zeros(len(paths), len(self.matrix) + 1, dtype=torch.float64)
        counts.scatter_add_(1, chosen % (len(self.matrix) + 1), torch.ones_like(chosen, dtype=torch.float64))
        counts = counts[:, :-1] + self.ends
        if self.names and amounts is not None:
            counts[:, list(self.names)] += amounts
        return ((counts @ self.matrix) * counts).sum(1).clamp_min(0.0)


@dataclass(frozen=True)
class NetworkCosts:
    """Costs of all architectures of a layout on one device.

    Attributes:
        tables: cost -> (layers, candidates) float64; its sum over layers, plus `fixed`, is the network's.
        fixed: cost -> what every architecture has besides (stem, head), where the profile counts it.
        alive: (layers, candidates), most activations alive there; `alive_ends` in stem and head.
        spreads: of the seconds, where the profile keeps covariances of every part.
        between: what networks take besides, where the profile knows.
    """

    tables: dict[str, Tensor]
    fixed: dict[str, float]
    alive: Tensor
    alive_ends: float
    spreads: tuple[Spread, ...]
    between: Between | None = None

    def of(self, paths: Tensor) -> dict[str, Tensor]:
        """Cost -> (N,) float64, of architectures (N, layers) given as columns of the tables."""
        found = {
            name: table.gather(1, paths.t()).sum(0) + self.fixed[name] for name, table in self.tables.items()
        }
        peak = self.alive.gather(1, paths.t()).amax(0).clamp_min(self.alive_ends)
        found |= self._besides(self._gates(paths), found)
        return found | {"memory_bytes": FLOAT_BYTES * (found["params"] + peak)}

    def _gates(self, paths: Tensor) -> Tensor:
        """(N, layers, candidates) float64."""
        return torch.nn.functional.one_hot(paths, self.alive.shape[1]).to(torch.float64)

    def _besides(self, gates: Tensor, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Seconds and joules (N,) with what is between the parts, as `predict` adds it."""
        if self.between is None:
            return {}
        latency, energy = parts["latency_s"], parts["energy_j"]
        more = self.between.seconds(gates, parts["params"]).maximum(-MOST_SAVED * latency)
        share = torch.where(latency > 0, more / latency.clamp_min(1e-300), 0.0)
        if not self.between.takes_joules:
            return {"latency_s": latency + more}
        return {"latency_s": latency + more, "energy_j": energy * (1.0 + share)}

    def least(self) -> dict[str, float]:
        """Cost -> what no architecture is below: the least of every layer, and of what is between them."""
        found = {name: float(table.amin(1).sum()) + self.fixed[name] for name, table in self.tables.items()}
        if self.between is not None:
            most = float(self.tables["params"].amax(1).sum()) + self.fixed["params"]
            more = self.between.least(found["params"], most)
            for name in ("latency_s", "energy_j") if self.between.takes_joules else ("latency_s",):
                # As a share, it is the largest where the network is the least.
                saved = max(more / found["latency_s"], -MOST_SAVED) if found["latency_s"] > 0 else 0.0
                found[name] *= 1.0 + min(saved, 0.0)
        peak = max(float(self.alive.amin(1).max()), self.alive_ends)
        return found | {"memory_bytes": FLOAT_BYTES * (found["params"] + peak)}

    def relaxed(self, gates: Tensor) -> dict[str, Tensor]:
        """Cost -> (), expected under gates (layers, candidates), rows summing to 1; differentiable.

        Memory takes the layer that needs most in expectation, as an architecture takes its largest layer.
        """
        found = {name: (table * gates).sum() + self.fixed[name] for name, table in self.tables.items()}
        single = {name: value[None] for name, value in found.items()}
        found |= {name: value[0] for name, value in self._besides(gates[None], single).items()}
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
        amounts = None
        if self.between is not None:
            amounts = self.between.amounts(self._gates(paths), costs["params"])
        for spread in self.spreads:
            variance += spread.variance(paths, amounts)
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
        between=_between(profile, layout),
    )


def _between(profile: Profile, layout: Layout) -> Between | None:
    fit = between_fit(profile, layout) if profile.scope == "network" else None
    if fit is None or fit.between is None:
        return None
    known = fit.between
    return Between(layout, known.seconds, known.params, takes_joules=takes_joules(fit))


def _spreads(profile: Profile, layout: Layout) -> tuple[Spread, ...]:
    """The fits' covariances; none unless together they know every part, as in `spread.latency_sigma`."""
    fits = [fit.latency for fit in profile.fits]
    known = {key for fit in fits for key in fit.keys}
    gone = set(identities(layout))
    wanted = {layer.key(c) for layer in layout.layers for c in layout.candidates} - gone
    if not fits or profile.scope != "network" or not wanted | {layout.stem_key, layout.head_key} <= known:
        return ()
    own = between_fit(profile, layout)
    return tuple(
        _spread(fit.latency, layout, gone, names_of(layout) if fit is own else ()) for fit in profile.fits
    )


def _spread(fit: Covariance, layout: Layout, gone: set[str], names: tuple[str, ...]) -> Spread:
    place = {key: index for index, key in enumerate(fit.keys)}
    rows = [
        [-1 if (key := layer.key(c)) in gone else place.get(key, -1) for c in layout.candidates]
        for layer in layout.layers
    ]
    ends = torch.zeros(len(fit.keys), dtype=torch.float64)
    for key in (layout.stem_key, layout.head_key):
        if key in place:
            ends[place[key]] += 1
    columns = tuple(place[name] for name in names if name in place)
    matrix = torch.from_numpy(fit.matrix())
    return Spread(torch.tensor(rows), ends, matrix, fit.misfit, columns if len(columns) == len(names) else ())
