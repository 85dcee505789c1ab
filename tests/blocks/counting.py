"""A count that knows nothing of layouts: it looks at modules and at the tensors that pass through them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def count_params(module: nn.Module) -> int:
    """Trainable numbers of the module."""
    return sum(parameter.numel() for parameter in module.parameters())


def run_counting_macs(module: nn.Module, x: Tensor) -> tuple[Tensor, int]:
    """What the module makes of the batch `x`, and its convolutions' and linear layers' MACs per image."""
    total = 0

    def add(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal total
        weight = layer.weight
        assert isinstance(weight, Tensor)
        # Each output number is a dot product with one filter.
        total += out[0].numel() * weight[0].numel()

    counted = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    handles = [layer.register_forward_hook(add) for layer in counted]
    with torch.no_grad():
        result: Tensor = module(x)
    for handle in handles:
        handle.remove()
    return result, total
