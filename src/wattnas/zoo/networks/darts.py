"""DARTS for 32x32 images: the cells that pytorchcv has, stacked as the authors do for CIFAR-10."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from wattnas.zoo.library import pytorchcv_module

# Genotype DARTS_V2 (second-order approximation): (operation, input) pairs, two per node.
_NORMAL = [
    ("sep_conv_3x3", 0),
    ("sep_conv_3x3", 1),
    ("sep_conv_3x3", 0),
    ("sep_conv_3x3", 1),
    ("sep_conv_3x3", 1),
    ("skip_connect", 0),
    ("skip_connect", 0),
    ("dil_conv_3x3", 2),
]
_REDUCE = [
    ("max_pool_3x3", 0),
    ("max_pool_3x3", 1),
    ("skip_connect", 2),
    ("max_pool_3x3", 1),
    ("max_pool_3x3", 0),
    ("skip_connect", 2),
    ("skip_connect", 2),
    ("max_pool_3x3", 1),
]
_WIDTH, _CELLS, _NODES, _STEM = 36, 20, 4, 3


class DartsSmall(nn.Module):
    """Liu et al. (arXiv 1806.09055), section 3: 20 cells, 36 channels, halved at a third and two thirds.

    The auxiliary head, which is dropped after training, is left out.
    """

    def __init__(self, cell: Any, classes: int) -> None:
        super().__init__()
        stem = _STEM * _WIDTH
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem))
        self.cells = nn.ModuleList()
        before, width, nodes, was_reduced = stem, stem, _WIDTH, False
        for index in range(_CELLS):
            reduces = index in (_CELLS // 3, 2 * _CELLS // 3)
            nodes = 2 * nodes if reduces else nodes
            genotype = _REDUCE if reduces else _NORMAL
            self.cells.append(cell(width, before, _NODES * nodes, genotype, reduces, was_reduced))
            before, width, was_reduced = width, _NODES * nodes, reduces
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.output = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 32, 32) to (N, classes)."""
        before = now = self.stem(x)
        for cell in self.cells:
            before, now = now, cell(now, before)
        logits: Tensor = self.output(self.pool(now).flatten(1))
        return logits


def darts_cifar() -> DartsSmall:
    """(N, 3, 32, 32) to (N, 10)."""
    return DartsSmall(pytorchcv_module("darts").DartsUnit, 10)
