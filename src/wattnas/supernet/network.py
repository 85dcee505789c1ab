"""The supernet: every candidate at every layer, weights shared between all architectures that pass there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from wattnas.blocks import make_head, make_stem
from wattnas.space import Architecture, Layout
from wattnas.supernet.mixture import MixtureLayer
from wattnas.supernet.sampled import SampledLayer

Mode = Literal["sampled", "mixture"]


class Supernet(nn.Module):
    """Stem, mixed layers, head and theta.

    Args:
        layout: the space at the data's input.
        mode: "sampled" or "mixture"; decides how the layers are built (see `SampledLayer`, `MixtureLayer`).
        checkpointed: mixture alone: keep less for the backward pass, compute more.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout, mode: Mode, checkpointed: bool = False) -> None:
        super().__init__()
        self.layout, self.mode = layout, mode
        self.register_buffer("mean", torch.zeros(1, layout.channels, 1, 1))
        self.register_buffer("std", torch.ones(1, layout.channels, 1, 1))
        self.stem = make_stem(layout)
        self.layers = nn.ModuleList(
            MixtureLayer(layer, layout.candidates, checkpointed)
            if mode == "mixture"
            else SampledLayer(layer, layout.candidates)
            for layer in layout.layers
        )
        self.head = make_head(layout)
        # Theta stays on the host, where paths are drawn: no step waits for the device to learn its path.
        self.theta = nn.Parameter(torch.zeros(len(layout.layers), len(layout.candidates)))

    def normalise_with(self, mean: Tensor, std: Tensor) -> None:
        """Set the per-channel statistics, each (C,), in units of pixel value 0 to 1."""
        self.mean.copy_(mean.view(1, -1, 1, 1))
        self.std.copy_(std.view(1, -1, 1, 1))

    def place(self, device: torch.device) -> Supernet:
        """Move all but theta to `device`, channels last."""
        theta = self.theta
        del self.theta
        self.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.theta = theta
        return self

    def weights(self) -> list[nn.Parameter]:
        """All parameters but theta."""
        return [parameter for name, parameter in self.named_parameters() if name != "theta"]

    def forward_path(self, x: Tensor, path: Tensor, gates: Tensor | None = None) -> Tensor:
        """Logits (N, classes) of a sampled path.

        Args:
            path: int64 (layers,), or (layers, 2) for two candidates beside each other.
            gates: of `path`'s shape, on x's device, where theta learns; 1 by default.
        """
        x = self.stem((x - self.mean) / self.std)
        choices = path.view(len(self.layers), -1).tolist()
        for index, layer in enumerate(self.layers):
            row: Sequence[Tensor | None] = [None] * len(choices[index])
            if gates is not None:
                row = gates[index].view(-1).unbind()
            x = layer(x, choices[index], row)
        logits: Tensor = self.head(x)
        return logits

    def forward_mixture(self, x: Tensor, gates: Tensor) -> Tensor:
        """Logits (N, classes) of the weighted sum; gates (layers, candidates), on x's device."""
        x = self.stem((x - self.mean) / self.std)
        for layer, row in zip(self.layers, gates.unbind(), strict=True):
            x = layer(x, row)
        logits: Tensor = self.head(x)
        return logits

    def derived_weights(self) -> dict[str, Tensor]:
        """Weights and statistics of the derived network, as `blocks.build` names them, on the CPU.

        In sampled mode the block of a layer that changes shape has learned beside the anchor, and stands
        alone in the derived network: its weights are a start, not a trained network.
        """
        found: dict[str, Tensor] = {"mean": self.mean, "std": self.std}
        for part in ("stem", "head"):
            found |= {f"{part}.{k}": t for k, t in getattr(self, part).state_dict().items()}
        for index, choice in enumerate(self.theta.detach().argmax(dim=-1).tolist()):
            layer = self.layers[index]
            assert isinstance(layer, MixtureLayer | SampledLayer)
            found |= {f"layers.{index}.{k}": t for k, t in layer.candidates[choice].state_dict().items()}
        return {name: tensor.detach().cpu().clone() for name, tensor in found.items()}

    def derive(self) -> Architecture:
        """The architecture with the largest theta at every layer (the first of equals)."""
        names = [self.layout.space.candidates[index] for index in self.theta.detach().argmax(dim=-1).tolist()]
        return Architecture.of(names, self.layout.space)
