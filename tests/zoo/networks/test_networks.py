"""Reference networks written here: pieces against hand counts, shapes of feature maps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from wattnas.errors import ConfigError
from wattnas.zoo.networks.alexnet import bn_alexnet
from wattnas.zoo.networks.enet import Bottleneck, Initial, enet
from wattnas.zoo.networks.fbnet import fbnet
from wattnas.zoo.networks.googlenet import Inception, googlenet
from wattnas.zoo.networks.nin import bn_nin
from wattnas.zoo.networks.small import Spread, small_form


def params(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def sides(make: Callable[[], nn.Sequential], size: int) -> list[int]:
    """Sides of the feature maps after each layer, where they change."""
    with torch.device("meta"):
        network = make()
    x, found = torch.zeros(1, 3, size, size, device="meta"), [size]
    for layer in network.eval():
        x = layer(x)
        if x.dim() == 4 and x.shape[-1] != found[-1]:
            found.append(x.shape[-1])
    return found


def test_feature_maps_have_the_published_sides() -> None:
    assert sides(googlenet, 224) == [224, 112, 56, 28, 14, 7, 1]  # Szegedy et al., table 1
    assert sides(bn_alexnet, 224) == [224, 55, 27, 13, 6]
    assert sides(bn_nin, 224) == [224, 56, 28, 14, 7, 1]
    assert sides(enet, 512) == [512, 256, 128, 64, 1]  # Paszke et al., table 1


def test_inception_3a() -> None:
    module = Inception(192, 64, 96, 128, 16, 32, 32)
    weights = 192 * (64 + 96 + 16 + 32) + 96 * 128 * 9 + 16 * 32 * 25
    assert params(module) == weights + 64 + 96 + 128 + 16 + 32 + 32
    assert module(torch.zeros(1, 192, 28, 28)).shape == (1, 256, 28, 28)


@pytest.mark.parametrize(("kind", "middle"), [("plain", 9), ("dilated 8", 9), ("asymmetric", 10)])
def test_a_bottleneck_of_enet(kind: str, middle: int) -> None:
    block = Bottleneck(128, 128, kind)
    norms, slopes = 2 * (32 + 32 + 128), 32 + 32 + 128
    assert params(block) == 128 * 32 + middle * 32 * 32 + 32 + 32 * 128 + norms + slopes
    assert block(torch.zeros(1, 128, 20, 20)).shape == (1, 128, 20, 20)


def test_a_bottleneck_that_halves() -> None:
    x = torch.rand(1, 16, 8, 8)
    block = Bottleneck(16, 64, down=True).eval()
    for parameter in block.main[-2].parameters():
        nn.init.zeros_(parameter)
    out = block(x)
    torch.testing.assert_close(out[:, :16], nn.functional.max_pool2d(x, 2))
    assert out.shape == (1, 64, 4, 4) and not out[:, 16:].any()


def test_the_first_block_of_enet() -> None:
    assert Initial()(torch.zeros(1, 3, 8, 8)).shape == (1, 16, 4, 4)


def test_fbnet_letters() -> None:
    assert fbnet("A").layout.space.head.channels == 1504
    assert fbnet("C").layout.space.head.channels == 1984
    with pytest.raises(ConfigError, match="no FBNet-D"):
        fbnet("D")


def test_a_pixel_is_spread_as_adaptive_pooling_does() -> None:
    x = torch.rand(2, 3, 1, 1)
    torch.testing.assert_close(Spread(7)(x), nn.AdaptiveAvgPool2d(7)(x))


def test_the_first_convolution_of_small_forms_keeps_the_size() -> None:
    pytest.importorskip("pytorchcv", reason="the extra `zoo` is not installed")
    for name in ("mobilenet_v2", "resnet18", "densenet121"):
        first = next(m for m in small_form(name)().modules() if isinstance(m, nn.Conv2d))
        assert (first.kernel_size, first.stride, first.padding) == ((3, 3), (1, 1), (1, 1))
