"""Inherited accuracies of many architectures, and what they say of all the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from wattnas.goals.inherited import logit
from wattnas.goals.paths import path_of
from wattnas.space import Layout

_SIZES = 4
_LEAST_ERROR = 1e-3
"""Nats: a survey in which all are alike, of an untrained supernet, says nothing of their differences."""
_RIDGES = tuple(10.0**power for power in range(-2, 5))


class Surveyed(BaseModel):
    """One architecture with the supernet's weights: `correct` of `n` held-out images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations: tuple[str, ...]
    correct: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _possible(self) -> Surveyed:
        if self.correct > self.n:
            raise ValueError(f"{self.correct} of {self.n} images cannot be right")
        return self


class SurveyFile(BaseModel):
    """`survey.json` beside a supernet: what was measured with it so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[Surveyed, ...] = ()


class Shape:
    """Features of architectures that hold for any of the space: which candidates, how many MACs, how deep.

    Args:
        layout: the space at its input.
        macs, params: (layers, candidates) float64, without stem and head.
        fixed_macs, fixed_params: of stem and head.
    """

    def __init__(
        self, layout: Layout, macs: Tensor, params: Tensor, fixed_macs: float, fixed_params: float
    ) -> None:
        self.layers, self.candidates = len(layout.layers), len(layout.candidates)
        self._macs, self._params = macs, params
        self._fixed = fixed_macs, fixed_params
        self._works = torch.tensor(
            [0.0 if c.is_skip else 1.0 for c in layout.candidates], dtype=torch.float64
        )
        self._field, self._side = _fields(layout), float(layout.size)
        blocks = macs * self._works
        self._work = blocks / _least(blocks)
        self._of_layers = torch.stack([row / _least(row) for row in blocks])
        self._thin = torch.where(self._of_layers > 0.0, 1.0 / self._of_layers.clamp_min(1.0), 0.0)
        self._is_change = torch.tensor([not layer.is_residual for layer in layout.layers])

    def gates(self, paths: Tensor) -> Tensor:
        """(N, layers, candidates) float64, 1 where an architecture (N, layers) has a candidate."""
        return torch.nn.functional.one_hot(paths, self.candidates).to(torch.float64)

    def sizes(self, gates: Tensor) -> Tensor:
        """(N, 4) of gates (N, L, C): log10 of MACs and of parameters, depth and reach."""
        macs = (gates * self._macs).sum((1, 2)) + self._fixed[0]
        params = (gates * self._params).sum((1, 2)) + self._fixed[1]
        return torch.cat([macs.log10()[:, None], params.log10()[:, None], self._depths(gates)], dim=1)

    def features(self, gates: Tensor) -> Tensor:
        """(N, 5 + L) of gates (N, L, C): work, changes, thin, depth and reach; work of each layer.

        Work is log2 of 1 + the MACs of all blocks, in units of the smallest block of the space; that of a
        layer is the same for its block alone, in units of its smallest one. Changes is the sum of the latter
        over layers that change width or size: where such a layer skips, a 1x1 convolution stands, and with a
        stride it looks at a quarter of the pixels alone. So what is spent there brings more than what is
        spent between.

        Thin blocks are counted as a share of all layers: the smallest block of a layer as a whole one, one
        with twice its MACs as a half. Networks that spend their MACs on few wide blocks learn otherwise than
        those that have many thin ones.
        """
        work = ((gates * self._work).sum((1, 2)) + 1.0).log2()
        of_layers = ((gates * self._of_layers).sum(2) + 1.0).log2()
        changes = of_layers[:, self._is_change].sum(1)
        thin = (gates * self._thin).sum((1, 2)) / self.layers
        return torch.cat([torch.stack([work, changes, thin], dim=1), self._depths(gates), of_layers], dim=1)

    def _depths(self, gates: Tensor) -> Tensor:
        """(N, 2): share of layers that do not skip, and the reach: log2 of the receptive field's side in
        pixels, at most the image's.

        What a network cannot see at once it cannot tell apart, however many blocks it has and however large
        they are: of networks with one block, one behind the strides is the better one.
        """
        blocks = (gates * self._works).sum((1, 2)) / self.layers
        stem, table = self._field
        reach = ((gates * table).sum((1, 2)) + stem).clamp_max(self._side).log2()
        return torch.stack([blocks, reach], dim=1)


class InheritedModel:
    """Ridge regression of the inherited log-odds on shapes and candidates; differentiable in the gates.

    What a layer's candidate adds is estimated for each, shrunk towards what its size explains. The strength
    of the shrinking is chosen by the exact leave-one-out error over the survey.

    Args:
        shape: features.
        paths: (N, layers) surveyed architectures.
        values: (N,) their inherited log-odds, nats.
    """

    def __init__(self, shape: Shape, paths: Tensor, values: Tensor) -> None:
        self.shape = shape
        gates = shape.gates(paths)
        sizes = shape.sizes(gates)
        self._center, self._scale = sizes.mean(0), sizes.std(0).clamp_min(1e-6)
        self._share = gates.mean(0)
        self._level = values.mean()
        features, y = self._features(gates), values - self._level
        penalties = [(ridge, *_leave_one_out(features, y, self._penalty(ridge))) for ridge in _RIDGES]
        self.ridge, error, self._weights, self._inverse = min(penalties, key=lambda found: found[1])
        self.error = max(error, _LEAST_ERROR)

    def _penalty(self, ridge: float) -> Tensor:
        """Sizes are shrunk little, single cells by `ridge`."""
        cells = torch.full((self.shape.layers * self.shape.candidates,), ridge, dtype=torch.float64)
        return torch.cat([torch.full((_SIZES,), 0.1, dtype=torch.float64), cells])

    def _features(self, gates: Tensor) -> Tensor:
        sizes = (self.shape.sizes(gates) - self._center) / self._scale
        return torch.cat([sizes, (gates - self._share).flatten(1)], dim=1)

    def predict(self, gates: Tensor) -> Tensor:
        """(N,) inherited log-odds of gates (N, layers, candidates)."""
        return self._level + self._features(gates) @ self._weights

    def sigma(self, gates: Tensor) -> Tensor:
        """(N,) standard deviation of the prediction's error, in nats."""
        features = self._features(gates)
        return self.error * (1.0 + ((features @ self._inverse) * features).sum(1).clamp_min(0.0)).sqrt()


def _fields(layout: Layout) -> tuple[float, Tensor]:
    """Side of the receptive field after the stem, and what each cell (layers, candidates) adds, in pixels.

    A convolution with kernel k adds k - 1 steps of its input, each as wide as all strides before it.
    """
    step = layout.space.stem.stride
    rows: list[list[float]] = []
    for layer in layout.layers:
        rows.append([0.0 if c.is_skip else float((c.kernel - 1) * step) for c in layout.candidates])
        step *= layer.stride
    return float(layout.space.stem.kernel), torch.tensor(rows, dtype=torch.float64)


def _least(macs: Tensor) -> Tensor:
    """The least above 0; 1 where nothing is."""
    working = macs[macs > 0.0]
    return working.min() if len(working) else torch.ones((), dtype=macs.dtype)


def surveyed_tensors(networks: Sequence[Surveyed], layout: Layout) -> tuple[Tensor, Tensor]:
    """Paths (N, layers), and log-odds (N,) float64."""
    paths = torch.stack([path_of(entry.operations, layout) for entry in networks])
    values = torch.tensor([logit(entry.correct, entry.n) for entry in networks], dtype=torch.float64)
    return paths, values


def _leave_one_out(x: Tensor, y: Tensor, penalty: Tensor) -> tuple[float, Tensor, Tensor]:
    """(root mean square error leave-one-out, weights, inverse of the penalised Gram matrix)."""
    inverse = torch.linalg.inv(x.t() @ x + torch.diag(penalty))
    weights = inverse @ (x.t() @ y)
    leverage = ((x @ inverse) * x).sum(1).clamp_max(1 - 1e-9)
    error = ((y - x @ weights) / (1.0 - leverage)).square().mean().sqrt()
    return float(error), weights, inverse
