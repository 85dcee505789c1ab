"""What every search method gets and returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from wattnas.compute import CPU, Compute
from wattnas.data import Splits
from wattnas.objective import Objective
from wattnas.sections import AugmentSettings, SearchSettings
from wattnas.space import Architecture, Layout
from wattnas.supernet import expected_cost


@dataclass(frozen=True)
class Costs:
    """Cost tables as a search needs them.

    Attributes:
        latency_s, energy_j: cost of each candidate, (layers, candidates).
        fixed_latency_s, fixed_energy_j: cost of what every architecture has (stem, head), 0 where the profile
            does not count it.
    """

    latency_s: Tensor
    energy_j: Tensor
    fixed_latency_s: float
    fixed_energy_j: float

    def expected(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Expected (latency in seconds, energy in joules), each (), under gates (layers, candidates)."""
        latency_s = expected_cost(gates, self.latency_s.to(gates.dtype)) + self.fixed_latency_s
        energy_j = expected_cost(gates, self.energy_j.to(gates.dtype)) + self.fixed_energy_j
        return latency_s, energy_j


@dataclass(frozen=True)
class SearchProblem:
    """A search, stated.

    Attributes:
        layout: the space at the data's input.
        splits: `weights` and `theta` are used; `validation` and `test` are not looked at.
        costs: of the device.
        objective: the loss of theta, and of the weights where `settings.weight_loss` is "total".
        flip: whether a mirrored image still shows its class.
        compute: where and in which precision.
    """

    layout: Layout
    splits: Splits
    costs: Costs
    objective: Objective
    settings: SearchSettings
    augment: AugmentSettings
    flip: bool
    seed: int
    compute: Compute = CPU


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        architecture: one candidate per layer.
        theta: (layers, candidates), for the record.
        weights: those that the supernet has for the network found, named as the network names them, on the
            CPU; BatchNorm statistics are those of many architectures: recalibrate them.
    """

    architecture: Architecture
    theta: Tensor
    weights: dict[str, Tensor]
