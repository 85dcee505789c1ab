"""Network in Network with BatchNorm, as Zagoruyko trained it on ImageNet."""

from __future__ import annotations

from torch import nn

_EPS = 1e-3


def _block(in_channels: int, out_channels: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    """A convolution and two pointwise ones (Lin et al., "mlpconv"), each with BatchNorm and ReLU."""
    shapes = ((in_channels, kernel, stride, padding), (out_channels, 1, 1, 0), (out_channels, 1, 1, 0))
    layers: list[nn.Module] = []
    for width, side, step, border in shapes:
        layers += [
            nn.Conv2d(width, out_channels, side, step, border),
            nn.BatchNorm2d(out_channels, eps=_EPS),
            nn.ReLU(inplace=True),
        ]
    return layers


def bn_nin() -> nn.Sequential:
    """(N, 3, 224, 224) to (N, 1000): Lin et al. (arXiv 1312.4400), model `ninbn` of soumith's Torch zoo."""
    return nn.Sequential(
        *_block(3, 96, 11, 4, 5),
        nn.MaxPool2d(3, 2, 1),
        *_block(96, 256, 5, 1, 2),
        nn.MaxPool2d(3, 2, 1),
        *_block(256, 384, 3, 1, 1),
        nn.MaxPool2d(3, 2, 1),
        *_block(384, 1024, 3, 1, 1),
        nn.AvgPool2d(7, 1),
        nn.Flatten(),
        nn.Linear(1024, 1000),
    )
