"""GoogLeNet as published: 5x5 branches, local response normalisation, no BatchNorm; no auxiliary heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Widths of the branches 1x1 | 3x3 reduce, 3x3 | 5x5 reduce, 5x5 | pool projection (Szegedy et al., table 1).
_MODULES = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2)
    return nn.Sequential(convolution, nn.ReLU(inplace=True))


class Inception(nn.Module):
    """Four branches side by side (figure 2b of the paper)."""

    def __init__(
        self, width: int, one: int, reduce3: int, three: int, reduce5: int, five: int, pool: int
    ) -> None:
        super().__init__()
        self.one = _conv(width, one, 1)
        self.three = nn.Sequential(_conv(width, reduce3, 1), _conv(reduce3, three, 3))
        self.five = nn.Sequential(_conv(width, reduce5, 1), _conv(reduce5, five, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), _conv(width, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, H, W) to (N, one + three + five + pool, H, W)."""
        return torch.cat((self.one(x), self.three(x), self.five(x), self.pool(x)), dim=1)


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def googlenet() -> nn.Sequential:
    """(N, 3, 224, 224) to (N, 1000): Szegedy et al., Going deeper with convolutions (arXiv 1409.4842)."""
    module = {name: Inception(*widths) for name, widths in _MODULES.items()}
    return nn.Sequential(
        _conv(3, 64, 7, 2),
        _pool(),
        nn.LocalResponseNorm(5),
        _conv(64, 64, 1),
        _conv(64, 192, 3),
        nn.LocalResponseNorm(5),
        _pool(),
        module["3a"],
        module["3b"],
        _pool(),
        *(module[f"4{letter}"] for letter in "abcde"),
        _pool(),
        module["5a"],
        module["5b"],
        nn.AvgPool2d(7, 1),
        nn.Flatten(),
        nn.Dropout(0.4),
        nn.Linear(1024, 1000),
    )
