"""The supernet: every candidate at every layer, weights shared between all architectures that pass there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from wattnas.blocks import Block, make_candidate, make_head, make_stem
from wattnas.space import Architecture, Candidate, Layer, Layout

Mode = Literal["sampled", "mixture"]


class MixedLayer(nn.Module):
    """All candidates of one layer.

    In mixture mode the candidates are those of the derived network, and the output is their weighted sum.

    In sampled mode two things differ from the derived network, without which a supernet that runs one
    candidate per step does not learn (each candidate would invent its own basis where width or stride
    changes):

    1. the last BatchNorm of every block starts at scale 0, so a block adds nothing until it has learned to;
    2. where shapes change, a block is added to the projection of `skip` (the *anchor*), as blocks elsewhere
       are added to their input. The derived network has the block alone.

    Every block is then a branch beside a common path, and its gate scales the branch only. That leaves the
    value as it is (the gate is 1) and takes the common path, which is the same for all candidates, out of
    theta's gradient; in the exact mixture it cancels too, as gates sum to 1.
    """

    def __init__(self, layer: Layer, candidates: tuple[Candidate, ...], mode: Mode) -> None:
        super().__init__()
        self.candidates = nn.ModuleList(make_candidate(layer, candidate) for candidate in candidates)
        self.is_skip = tuple(candidate.is_skip for candidate in candidates)
        self._anchor_at: int | None = None
        self._own_anchor: nn.Module | None = None
        if mode == "sampled":
            self._make_branches(layer)

    def _make_branches(self, layer: Layer) -> None:
        for module in self.candidates:
            if isinstance(module, Block):
                module.residual = False
                nn.init.zeros_(module.last_norm.weight)
        if any(self.is_skip):
            self._anchor_at = self.is_skip.index(True)
        else:
            self._own_anchor = make_candidate(layer, Candidate.parse("skip"))

    @property
    def anchor(self) -> nn.Module:
        """Sampled: the common path of all candidates, `skip` (its own one where skip is no candidate)."""
        if self._anchor_at is not None:
            return self.candidates[self._anchor_at]
        assert self._own_anchor is not None, "this layer was made for the mixture"
        return self._own_anchor

    def forward(self, x: Tensor, choice: int, gate: Tensor | None) -> Tensor:
        """Sampled: the common path plus gate () times the branch of `choice`; no gate counts as 1."""
        common: Tensor = self.anchor(x)
        if self.is_skip[choice]:
            return common
        branch: Tensor = self.candidates[choice](x)
        return common + (branch if gate is None else gate * branch)

    def mix(self, x: Tensor, gates: Tensor) -> Tensor:
        """Mixture: sum over candidates of gate times output, gates (candidates,) (FBNet, equation 6)."""
        outputs = [gate * module(x) for gate, module in zip(gates.unbind(), self.candidates, strict=True)]
        return torch.stack(outputs).sum(dim=0)


class Supernet(nn.Module):
    """Stem, mixed layers, head and theta.

    Args:
        layout: the space at the data's input.
        mode: "sampled" or "mixture"; decides how the layers are built (see `MixedLayer`).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout, mode: Mode) -> None:
        super().__init__()
        self.layout, self.mode = layout, mode
        self.register_buffer("mean", torch.zeros(1, layout.channels, 1, 1))
        self.register_buffer("std", torch.ones(1, layout.channels, 1, 1))
        self.stem = make_stem(layout)
        self.layers = nn.ModuleList(MixedLayer(layer, layout.candidates, mode) for layer in layout.layers)
        self.head = make_head(layout)
        self.theta = nn.Parameter(torch.zeros(len(layout.layers), len(layout.candidates)))

    def normalise_with(self, mean: Tensor, std: Tensor) -> None:
        """Set the per-channel statistics, each (C,), in units of pixel value 0 to 1."""
        self.mean.copy_(mean.view(1, -1, 1, 1))
        self.std.copy_(std.view(1, -1, 1, 1))

    def weights(self) -> list[nn.Parameter]:
        """All parameters but theta."""
        return [parameter for name, parameter in self.named_parameters() if name != "theta"]

    def forward_path(self, x: Tensor, path: Tensor, gates: Tensor | None = None) -> Tensor:
        """Logits (N, classes) of one sampled path (layers,); gates (layers,) where theta learns."""
        x = self.stem((x - self.mean) / self.std)
        each: Sequence[Tensor | None] = [None] * len(self.layers) if gates is None else gates.unbind()
        for layer, choice, gate in zip(self.layers, path.tolist(), each, strict=True):
            x = layer(x, choice, gate)
        logits: Tensor = self.head(x)
        return logits

    def forward_mixture(self, x: Tensor, gates: Tensor) -> Tensor:
        """Logits (N, classes) of the weighted sum; gates (layers, candidates)."""
        x = self.stem((x - self.mean) / self.std)
        for layer, row in zip(self.layers, gates.unbind(), strict=True):
            assert isinstance(layer, MixedLayer)
            x = layer.mix(x, row)
        logits: Tensor = self.head(x)
        return logits

    def derive(self) -> Architecture:
        """The architecture with the largest theta at every layer (the first of equals)."""
        names = [self.layout.space.candidates[index] for index in self.theta.detach().argmax(dim=-1).tolist()]
        return Architecture.of(names, self.layout.space)
