"""AlexNet with BatchNorm, as Zagoruyko trained it: the one-column form, normalised after every layer."""

from __future__ import annotations

from torch import nn

_CLASSES = 1000
_EPS = 1e-3


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, padding)
    return [convolution, nn.BatchNorm2d(out_channels, eps=_EPS), nn.ReLU(inplace=True)]


def _dense(in_features: int, out_features: int) -> list[nn.Module]:
    linear = nn.Linear(in_features, out_features)
    return [nn.Dropout(0.5), linear, nn.BatchNorm1d(out_features, eps=_EPS), nn.ReLU(inplace=True)]


def bn_alexnet() -> nn.Sequential:
    """(N, 3, 224, 224) to (N, 1000).

    Krizhevsky, One weird trick (arXiv 1404.5997), with BatchNorm: model `alexnetowtbn` of
    imagenet-multiGPU.torch, which Canziani et al. measured.
    """
    return nn.Sequential(
        *_conv(3, 64, 11, 4, 2),
        nn.MaxPool2d(3, 2),
        *_conv(64, 192, 5, 1, 2),
        nn.MaxPool2d(3, 2),
        *_conv(192, 384, 3, 1, 1),
        *_conv(384, 256, 3, 1, 1),
        *_conv(256, 256, 3, 1, 1),
        nn.MaxPool2d(3, 2),
        nn.Flatten(),
        *_dense(256 * 6 * 6, 4096),
        *_dense(4096, 4096),
        nn.Linear(4096, _CLASSES),
    )
