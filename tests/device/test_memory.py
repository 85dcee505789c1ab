from __future__ import annotations

import pytest

from tests.device.cases import PUBLISHED, cifar, toy
from wattnas.device.memory import memory_bytes
from wattnas.space import Architecture, Layout


def elements(layout: Layout, text: str) -> float:
    """Activations alive at the worst moment, as float32 elements."""
    return memory_bytes(layout, Architecture.parse(text, layout.space), params=0).value / 4


@pytest.mark.parametrize(
    ("name", "alive"),
    [
        # Layer 1, k3_e6 at stride 2: 96 hidden channels at 32x32, and the depthwise output at 16x16.
        ("S1-L100", 96 * 32 * 32 + 96 * 16 * 16),
        # Layer 1, skip as a 1x1 convolution: its input 16x32x32 and its output 24x16x16.
        ("S1-L35", 16 * 32 * 32 + 24 * 16 * 16),
    ],
)
def test_the_worst_moment_of_published_networks(name: str, alive: int) -> None:
    assert elements(cifar(), PUBLISHED[name][0]) == alive


def test_a_residual_input_stays_alive() -> None:
    """k3_e1 at 8x8x8: the block's input, the hidden map and the depthwise output."""
    assert elements(toy(), "k3_e1 skip") == 3 * 8 * 64


def test_identities_need_only_what_stands_around_them() -> None:
    """The head's 1x1 convolution, 8x8x8 to 8x8x8, is then the worst."""
    assert elements(toy(), "skip skip") == 2 * 8 * 64


def test_weights_take_four_bytes_each_and_the_rule_is_stated() -> None:
    layout = toy()
    architecture = Architecture.parse("skip skip", layout.space)
    few, many = (memory_bytes(layout, architecture, params) for params in (0, 1000))
    assert many.value - few.value == 4000
    assert (many.unit, many.origin) == ("B", "modelled")
    assert "not counted" in many.source
