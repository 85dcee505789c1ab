"""ImageNet networks in their 32x32 form, as the public library `PyTorch_CIFAR10` of Phan changes them.

Ozawa et al. do not say which code they compared with. Names and parameter counts (2.2, 11.2, 129 M) are those
of that library, which cuts torchvision's networks down: the first convolution is 3x3 with stride 1, the rest
stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from wattnas.zoo.library import pytorchcv_module

_CLASSES = 10


class Spread(nn.Module):
    """(N, C, 1, 1) repeated over `side` x `side`: what adaptive pooling makes of one pixel."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, 1, 1) to (N, C, side, side)."""
        return x.repeat(1, 1, self.side, self.side)


def small_form(name: str) -> Callable[[], nn.Module]:
    """A maker of the 32x32 form with ten classes of one of the networks of this file."""
    return _FORMS[name]


def mobilenet_v2() -> nn.Module:
    """Stride 1 in the first convolution and in the stage of 24 channels."""
    network = pytorchcv_module("mobilenetv2").mobilenetv2b_w1(num_classes=_CLASSES)
    features = network.features
    features.init_block.conv.stride = (1, 1)
    features.stage2.unit1.conv2.conv.stride = (1, 1)
    return _pooled(network)


def resnet18() -> nn.Module:
    """The first convolution 3x3 with stride 1; its pooling stays."""
    network = pytorchcv_module("resnet").resnet18(num_classes=_CLASSES)
    network.features.init_block.conv.conv = _first_convolution()
    return _pooled(network)


def densenet121() -> nn.Module:
    """The first convolution 3x3 with stride 1; its pooling stays."""
    network = pytorchcv_module("densenet").densenet121(num_classes=_CLASSES)
    network.features.init_block.conv = _first_convolution()
    return _pooled(network)


def vgg11_bn() -> nn.Module:
    """Unchanged: five poolings leave one pixel, which is spread over the 7x7 that the classifier takes."""
    network: Any = pytorchcv_module("vgg").bn_vgg11b(num_classes=_CLASSES)
    network.features.add_module("spread", Spread(7))
    whole: nn.Module = network
    return whole


def _first_convolution() -> nn.Conv2d:
    return nn.Conv2d(3, 64, 3, padding=1, bias=False)


def _pooled(network: Any) -> nn.Module:
    network.features.final_pool = nn.AdaptiveAvgPool2d(1)
    whole: nn.Module = network
    return whole


_FORMS: dict[str, Callable[[], nn.Module]] = {
    "mobilenet_v2": mobilenet_v2,
    "resnet18": resnet18,
    "densenet121": densenet121,
    "vgg11_bn": vgg11_bn,
}
