"""The sampled path: one candidate of a layer per step (or two, side by side)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from wattnas.blocks import Block, make_candidate
from wattnas.space import Candidate, Layer


class SampledLayer(nn.Module):
    """All candidates of one layer, of which a step runs one.

    Two things differ from the derived network, without which a supernet that runs one candidate per step does
    not learn (each candidate would invent its own basis where width or stride changes):

    1. the last BatchNorm of every block starts at scale 0, so a block adds nothing until it has learned to;
    2. where shapes change, a block is added to the projection of `skip` (the *anchor*), as blocks elsewhere
       are added to their input. The derived network has the block alone.

    Every block is then a branch beside a common path, and its gate scales the branch only. That leaves the
    value as it is (the gate is 1) and takes the common path, which is the same for all candidates, out of
    theta's gradient; in the exact mixture it cancels too, as gates sum to 1.
    """

    def __init__(self, layer: Layer, candidates: tuple[Candidate, ...]) -> None:
        super().__init__()
        self.candidates = nn.ModuleList(make_candidate(layer, candidate) for candidate in candidates)
        self.is_skip = tuple(candidate.is_skip for candidate in candidates)
        self._anchor_at: int | None = None
        self._own_anchor: nn.Module | None = None
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
        """The common path of all candidates, `skip` (its own one where skip is no candidate)."""
        if self._anchor_at is not None:
            return self.candidates[self._anchor_at]
        assert self._own_anchor is not None
        return self._own_anchor

    def forward(self, x: Tensor, choices: Sequence[int], gates: Sequence[Tensor | None]) -> Tensor:
        """The common path plus, for each of the choices, gate () times its branch; no gate counts as 1.

        The branch of `skip` is nothing, whatever its gate.
        """
        out: Tensor = self.anchor(x)
        for choice, gate in zip(choices, gates, strict=True):
            if not self.is_skip[choice]:
                branch: Tensor = self.candidates[choice](x)
                out = out + (branch if gate is None else gate * branch)
        return out
