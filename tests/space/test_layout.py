from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.space.strategies import spaces
from wattnas.errors import SpaceError
from wattnas.space import Layout, Space, load_space
from wattnas.space.layout import strided


def test_cifar_shapes() -> None:
    """Outputs of the 22 layers by hand: 32, then halved where a stage has stride 2."""
    layout = Layout.resolve(load_space("cifar"), classes=10)
    sizes = [32] + [16] * 4 + [8] * 4 + [4] * 4 + [4] * 4 + [2] * 4 + [2]
    widths = [16] + [24] * 4 + [32] * 4 + [64] * 4 + [96] * 4 + [160] * 4 + [320]
    strides = [1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    assert [layer.out_size for layer in layout.layers] == sizes
    assert [layer.in_size for layer in layout.layers] == [32, *sizes[:-1]]
    assert [layer.out_channels for layer in layout.layers] == widths
    assert [layer.in_channels for layer in layout.layers] == [16, *widths[:-1]]
    assert [layer.stride for layer in layout.layers] == strides
    assert [layer.index for layer in layout.layers] == list(range(22))
    assert [layer.stage for layer in layout.layers] == [0] + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [
        5
    ] * 4 + [6]
    # 13 changes width without a stride: no input to add there.
    assert [layer.index for layer in layout.layers if not layer.is_residual] == [1, 5, 9, 13, 17, 21]
    assert layout.features == 2 * 2 * 320


def test_imagenet_shapes() -> None:
    layout = Layout.resolve(load_space("imagenet"), classes=1000)
    sizes = [112] + [56] * 4 + [28] * 4 + [14] * 4 + [14] * 4 + [7] * 4 + [7]
    assert [layer.out_size for layer in layout.layers] == sizes
    assert layout.features == 1984


@pytest.mark.parametrize(
    ("size", "expected"), [(8, [8, 8, 4, 4, 2, 2]), (9, [9, 9, 5, 5, 3, 3]), (28, [28, 28, 14, 14, 7, 7])]
)
def test_tiny_shapes(size: int, expected: list[int]) -> None:
    layout = Layout.resolve(load_space("tiny"), classes=10, channels=1, size=size)
    assert [layer.out_size for layer in layout.layers] == expected
    assert (layout.channels, layout.features) == (1, 64)


def test_most_channels_and_largest_size_by_default() -> None:
    layout = Layout.resolve(load_space("tiny"), classes=2)
    assert (layout.channels, layout.size) == (3, 28)


@given(st.integers(1, 500), st.integers(1, 5), st.sampled_from([1, 3, 5, 7]))
def test_strided_is_the_size_of_a_padded_convolution(size: int, stride: int, kernel: int) -> None:
    """Counted: a kernel's centre lands on 0, stride, 2 * stride, ... as long as that lies in the image."""
    assert strided(size, stride) == len(range(0, size, stride))
    assert strided(size, stride) == (size + 2 * (kernel // 2) - kernel) // stride + 1


@given(spaces())
def test_layers_follow_one_another(space: Space) -> None:
    layout = Layout.resolve(space, classes=2)
    assert len(layout.layers) == space.depth
    for before, after in zip(layout.layers, layout.layers[1:], strict=False):
        assert (after.in_channels, after.in_size) == (before.out_channels, before.out_size)


def test_keys_name_operation_and_shapes() -> None:
    layout = Layout.resolve(load_space("cifar"), classes=10)
    assert layout.layers[1].key("k3_e6") == "k3_e6 16x32x32 -> 24 s2"
    assert layout.layers[1].key(layout.candidates[-1]) == "skip 16x32x32 -> 24 s2"
    assert layout.stem_key == "stem_k3 3x32x32 -> 16 s1"
    assert layout.head_key == "head_flatten 320x2x2 -> 320 -> 10"
    imagenet = Layout.resolve(load_space("imagenet"), classes=1000)
    assert imagenet.head_key == "head_average_bn_relu 352x7x7 -> 1984 -> 1000"


@pytest.mark.parametrize(("channels", "size"), [(1, 32), (3, 31), (3, 33), (2, 32), (0, 0)])
def test_inputs_that_the_space_does_not_take(channels: int, size: int) -> None:
    with pytest.raises(
        SpaceError,
        match=f"does not take {channels}x{size}x{size} images. It takes 3 channels and sides from 32",
    ):
        Layout.resolve(load_space("cifar"), classes=10, channels=channels, size=size)


@pytest.mark.parametrize("classes", [1, 0, -3])
def test_too_few_classes(classes: int) -> None:
    with pytest.raises(SpaceError, match="at least two classes"):
        Layout.resolve(load_space("cifar"), classes=classes)


@pytest.mark.parametrize(("stem", "stage", "layer"), [(15, 16, 0), (16, 15, 0), (16, 16, None)])
def test_widths_that_do_not_divide_into_groups(stem: int, stage: int, layer: int | None) -> None:
    raw: dict[str, Any] = load_space("cifar").model_dump(mode="json")
    raw["stem"]["channels"], raw["stages"][0]["channels"] = stem, stage
    space = Space.model_validate(raw)
    if layer is None:
        assert Layout.resolve(space, classes=2).layers
        return
    with pytest.raises(
        SpaceError, match=f"'k3_e1_g2' does not fit layer {layer} .*: 15 channels do not divide"
    ):
        Layout.resolve(space, classes=2)
