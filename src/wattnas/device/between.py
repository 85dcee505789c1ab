"""What a network takes besides the sum of its parts, told by the network as a whole.

Two things move whole networks from the sum of their blocks, wherever a CPU has caches and a runtime its own
order of memory:

- **weights**: of a network whose weights fit a cache, each block is faster than of one whose weights do not.
  Seconds per e-fold of parameters, from a reference on.
- **change S**: convolutions in groups run in another order of memory than others (ONNX Runtime: NCHW and
  NCHWc). Where a grouped block follows one that is not, or the reverse, the feature map, S pixels wide, is
  copied into the other order. `change head` is the same before the head.

Both are columns of the regression in `fit`, beside the counts of the parts, and expected to be 0 before
anything is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from wattnas.space import Architecture, Layout
from wattnas.space.count import count_layout

WEIGHTS, HEAD = "weights", "change head"
MOST_SAVED = 0.5
"""Share of the sum of its parts that a network saves at most: far from the measured, a line says little."""


_LOOSE_WEIGHTS, _LOOSE_CHANGE = 1.0, 0.15
"""Prior standard deviations of one unit, in blocks of mean cost; results hardly depend on them."""


def change_at(size: int) -> str:
    """The name of a change of order at feature maps of `size` pixels."""
    return f"change {size}"


def names_of(layout: Layout) -> tuple[str, ...]:
    """What can be between the parts of networks of the layout."""
    grouped = {c.groups > 1 for c in layout.candidates if not c.is_skip}
    if len(grouped) < 2:
        return (WEIGHTS,)
    sizes = dict.fromkeys(change_at(layer.in_size) for layer in layout.layers)
    return (WEIGHTS, *sizes, HEAD)


def looseness(name: str) -> float:
    """Prior standard deviation of `name`, in blocks of mean cost."""
    return _LOOSE_WEIGHTS if name == WEIGHTS else _LOOSE_CHANGE


def measure_of(layout: Layout, architecture: Architecture, reference: int) -> dict[str, float]:
    """Name -> how much of it one network has; `reference` is a number of parameters."""
    names = layout.space.candidates
    path = torch.tensor([names.index(operation) for operation in architecture.operations])
    gates = torch.nn.functional.one_hot(path, len(names)).to(torch.float64)[None]
    params = torch.tensor([count_layout(layout, architecture).params], dtype=torch.float64)
    between = Between(layout, {}, reference)
    return dict(zip(between.names, between.amounts(gates, params)[0].tolist(), strict=True))


class Between:
    """How much networks have of it, and what that takes; for many at once, and for relaxed ones.

    Args:
        layout: the space at its input.
        seconds: of one unit of each name.
        reference: parameters at which weights add nothing.
        takes_joules: see `spread.takes_joules`.
    """

    def __init__(
        self, layout: Layout, seconds: Mapping[str, float], reference: int, *, takes_joules: bool = True
    ) -> None:
        self.takes_joules = takes_joules
        self.names = names_of(layout)
        self._reference = float(reference)
        self.seconds_each = torch.tensor([seconds.get(name, 0.0) for name in self.names], dtype=torch.float64)
        place = {name: column for column, name in enumerate(self.names)}
        self._places = [place.get(change_at(layer.in_size), -1) for layer in layout.layers]
        self._head = place.get(HEAD, -1)
        works = [
            [not (c.is_skip and layer.is_residual) for c in layout.candidates] for layer in layout.layers
        ]
        self._works = torch.tensor(works, dtype=torch.float64)
        self._grouped = torch.tensor([float(c.groups > 1) for c in layout.candidates], dtype=torch.float64)

    def amounts(self, gates: Tensor, params: Tensor) -> Tensor:
        """(N, names) of gates (N, layers, candidates), rows summing to 1, with `params` (N,); differentiable.

        Of relaxed gates it is the expectation, had each layer been decided on its own.
        """
        columns = [gates.new_zeros(len(gates)) for _ in self.names]
        columns[0] = (params / self._reference).log()
        if self._head >= 0:
            before = gates.new_zeros(len(gates))
            for layer, place in enumerate(self._places):
                works = gates[:, layer] * self._works[layer]
                grouped = works @ self._grouped
                other = works.sum(1) - grouped
                columns[place] = columns[place] + grouped * (1.0 - before) + other * before
                before = grouped + (1.0 - grouped - other) * before
            columns[self._head] = before
        return torch.stack(columns, dim=1)

    def seconds(self, gates: Tensor, params: Tensor) -> Tensor:
        """(N,) seconds of gates (N, layers, candidates) with `params` (N,)."""
        return self.amounts(gates, params) @ self.seconds_each

    def least(self, fewest: float, most: float) -> float:
        """Seconds that no network is below whose parameters lie between these two."""
        weights = float(self.seconds_each[0])
        floor = weights * math.log((fewest if weights > 0 else most) / self._reference)
        each = self.seconds_each.clamp_max(0.0)
        changes = sum(float(each[place]) for place in self._places if place >= 0)
        return floor + changes + (float(each[self._head]) if self._head >= 0 else 0.0)
