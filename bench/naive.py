"""The mixture as public programs compute it: the reference that the engine is compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wattnas.blocks import make_candidate, make_head, make_stem
from wattnas.space import Layout

RATE = 0.05
Step = Callable[[], None]


class NaiveSupernet(nn.Module):
    """The mixture as public programs write it: per layer a sum over candidates of gate times output."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.stem, self.head = make_stem(layout), make_head(layout)
        self.layers = nn.ModuleList(
            nn.ModuleList(make_candidate(layer, candidate) for candidate in layout.candidates)
            for layer in layout.layers
        )

    def forward(self, x: Tensor, gates: Tensor) -> Tensor:
        """Logits (N, classes); gates (layers, candidates)."""
        x = self.stem(x)
        for layer, row in zip(self.layers, gates, strict=True):
            assert isinstance(layer, nn.ModuleList)
            x = sum(gate * candidate(x.clone()) for gate, candidate in zip(row, layer, strict=True))
        logits: Tensor = self.head(x)
        return logits


def naive_step(layout: Layout, batch: int, channels_last: bool) -> Step:
    """A weight step of the naive mixture."""
    form = torch.channels_last if channels_last else torch.contiguous_format
    net = NaiveSupernet(layout).to(memory_format=form)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(net.parameters(), RATE, momentum=0.9, weight_decay=1e-4)
    images = torch.rand(batch, 3, 32, 32).contiguous(memory_format=form)
    labels = torch.arange(batch) % 10
    theta = torch.zeros(len(layout.layers), len(layout.candidates))

    def step() -> None:
        gates = F.gumbel_softmax(theta, tau=5.0)
        optimizer.zero_grad()
        F.cross_entropy(net(images, gates), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step
