"""Parameters and multiply-adds of a torch module, counted layer by layer on tensors without content."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn


@cache
def counted(make: Callable[[], nn.Module], shape: tuple[int, int, int]) -> tuple[int, int, tuple[int, ...]]:
    """(trainable parameters, multiply-adds of one image, shape of the logits); nothing is computed."""
    with torch.device("meta"):
        network = make()
    macs = 0

    def add(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal macs
        weight = layer.weight
        assert isinstance(weight, Tensor)
        macs += out[0].numel() * weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(add)
    with torch.no_grad():
        logits = network.eval()(torch.zeros(1, *shape, device="meta"))
    return sum(p.numel() for p in network.parameters()), macs, tuple(logits.shape)
