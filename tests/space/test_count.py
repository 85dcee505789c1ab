from __future__ import annotations

import pytest

from tests.space.published import PUBLISHED
from wattnas.space import Architecture, Candidate, Count, Layout, count_layout, load_space
from wattnas.space.count import count_candidate

CIFAR = load_space("cifar")
LAYOUT = Layout.resolve(CIFAR, classes=10)


def count(operations: str) -> Count:
    return count_layout(LAYOUT, Architecture.parse(operations, CIFAR))


def test_every_term_of_s1_l35_by_hand() -> None:
    """All layers skip but layer 9 (k5_e1). MACs are weights times output pixels; norms have 2 per channel."""
    stem = 3 * 16 * 3 * 3  # 432 weights, 32x32 out
    to_24 = 16 * 24  # skip of layer 1, 32x32 -> 16x16
    to_32 = 24 * 32  # skip of layer 5, 16x16 -> 8x8
    # Layer 9, k5_e1, 32 channels at 8x8 -> 64 at 4x4.
    expand, depthwise, project = 32 * 32, 32 * 5 * 5, 32 * 64
    to_96 = 64 * 96  # skip of layer 13, stays 4x4
    to_160 = 96 * 160  # skip of layer 17, 4x4 -> 2x2
    to_320 = 160 * 320  # skip of layer 21, stays 2x2
    head, classifier = 320 * 320, (2 * 2 * 320) * 10

    macs = stem * 32 * 32 + to_24 * 16 * 16 + to_32 * 8 * 8
    macs += expand * 8 * 8 + depthwise * 4 * 4 + project * 4 * 4
    macs += to_96 * 4 * 4 + to_160 * 2 * 2 + to_320 * 2 * 2 + head * 2 * 2 + classifier
    weights = (
        stem + to_24 + to_32 + expand + depthwise + project + to_96 + to_160 + to_320 + head + classifier
    )
    norms = 2 * (16 + 24 + 32 + (32 + 32 + 64) + 96 + 160 + 320)
    biases = 320 + 10

    assert macs == 1_487_872
    assert weights + norms + biases == 195_242
    assert count(PUBLISHED["S1-L35"].operations) == (195_242, 1_487_872)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("S1-L100", 324_602),
        ("S1-L80", 297_850),
        ("S1-L65", 231_418),
        ("S1-L50", 211_418),
        ("S1-L35", 195_242),
        ("S2-Normal", 232_954),
    ],
)
def test_published_parameters(name: str, params: int) -> None:
    """The exact counts round to the four digits that Ozawa et al. print."""
    found = count(PUBLISHED[name].operations).params
    assert found == params
    assert round(found / 1e6, 4) == PUBLISHED[name].params_m


@pytest.mark.parametrize(
    ("name", "layer", "expected"),
    [
        # Layer 0: 16 channels at 32x32, stride 1. Expand 16*48 + dw 48*9 + project 48*16; norms 2*(48+48+16).
        ("k3_e3", 0, Count(768 + 432 + 768 + 224, (768 + 432 + 768) * 1024)),
        # Two groups halve both pointwise convolutions: 16*16/2 + 16*25 + 16*16/2; norms 2*(16+16+16).
        ("k5_e1_g2", 0, Count(128 + 400 + 128 + 96, (128 + 400 + 128) * 1024)),
        # Layer 1: 16 at 32x32 -> 24 at 16x16. The expansion runs at the input's size, the rest after it.
        ("k3_e6", 1, Count(1536 + 864 + 2304 + 432, 1536 * 1024 + (864 + 2304) * 256)),
        ("skip", 0, Count(0, 0)),
        ("skip", 1, Count(384 + 48, 384 * 256)),
    ],
)
def test_one_candidate_by_hand(name: str, layer: int, expected: Count) -> None:
    assert count_candidate(LAYOUT.layers[layer], Candidate.parse(name)) == expected


def test_head_with_norm_and_pooling_by_hand() -> None:
    """`imagenet`, all skip: stem, six projections, head without bias but with BatchNorm, 1000 classes."""
    space = load_space("imagenet")
    layout = Layout.resolve(space, classes=1000)
    found = count_layout(layout, Architecture.parse(" ".join(["skip"] * 22), space))
    stem = 432 + 32
    skips = (
        16 * 24 + 24 * 32 + 32 * 64 + 64 * 112 + 112 * 184 + 184 * 352 + 2 * (24 + 32 + 64 + 112 + 184 + 352)
    )
    head = 352 * 1984 + 2 * 1984 + 1984 * 1000 + 1000
    assert found.params == stem + skips + head
    macs = (
        432 * 112**2 + 384 * 56**2 + 768 * 28**2 + 2048 * 14**2 + 7168 * 14**2 + 20_608 * 7**2 + 64_768 * 7**2
    )
    assert found.macs == macs + 352 * 1984 * 7**2 + 1984 * 1000
