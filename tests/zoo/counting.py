"""Parameters and multiply-adds of a reference network, counted layer by layer on tensors without content."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from tests.blocks.counting import count_params, run_counting_macs


@cache
def counted(make: Callable[[], nn.Module], shape: tuple[int, int, int]) -> tuple[int, int, tuple[int, ...]]:
    """(trainable parameters, multiply-adds of one image, shape of the logits); nothing is computed."""
    with torch.device("meta"):
        network = make().eval()
    logits, macs = run_counting_macs(network, torch.zeros(1, *shape, device="meta"))
    return count_params(network), macs, tuple(logits.shape)
