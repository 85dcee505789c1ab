from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.space.strategies import spaces
from wattnas.space import Input, Space, load_space


def changed(**parts: Any) -> Space:
    """`cifar` with some parts replaced."""
    return Space.model_validate(load_space("cifar").model_dump(mode="json") | parts)


def test_cifar_is_table_1() -> None:
    """Widths, depths, strides and candidates as DESIGN.md has them from Ozawa et al., table 1."""
    space = load_space("cifar")
    assert [(s.channels, s.layers, s.stride) for s in space.stages] == [
        (16, 1, 1),
        (24, 4, 2),
        (32, 4, 2),
        (64, 4, 2),
        (96, 4, 1),
        (160, 4, 2),
        (320, 1, 1),
    ]
    assert " ".join(space.candidates) == "k3_e1 k3_e1_g2 k3_e3 k3_e6 k5_e1 k5_e1_g2 k5_e3 k5_e6 skip"
    assert space.depth == 22
    assert space.size == 9**22


def test_imagenet_is_fbnets() -> None:
    space = load_space("imagenet")
    assert [(s.channels, s.layers, s.stride) for s in space.stages] == [
        (16, 1, 1),
        (24, 4, 2),
        (32, 4, 2),
        (64, 4, 2),
        (112, 4, 1),
        (184, 4, 2),
        (352, 1, 1),
    ]
    assert (space.stem.channels, space.stem.stride, space.head.channels) == (16, 2, 1984)


@given(spaces())
def test_round_trips_through_json(space: Space) -> None:
    again = Space.model_validate_json(space.model_dump_json())
    assert again == space
    assert again.hash == space.hash


def test_hash_sees_everything_but_name_and_source() -> None:
    cifar = load_space("cifar")
    assert changed(name="mine", source="me").hash == cifar.hash
    dump = cifar.model_dump(mode="json")
    others = [
        changed(stem=dump["stem"] | {"channels": 32}),
        changed(stages=dump["stages"][:-1]),
        changed(candidates=list(reversed(cifar.candidates))),
        changed(head=dump["head"] | {"pool": "average"}),
        changed(head=dump["head"] | {"dropout": 0.1}),
        changed(input=dump["input"] | {"channels": [1, 3]}),
    ]
    assert len({cifar.hash, *(other.hash for other in others)}) == 1 + len(others)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"candidates": ["skip"]}, "at least 2"),
        ({"candidates": ["skip", "skip"]}, "listed twice"),
        ({"stages": []}, "at least 1"),
        ({"stem": {"channels": 16, "kernel": 4}}, "4 is even, and kernels are odd"),
        ({"stem": {"channels": 0}}, "greater than or equal to 1"),
        ({"stem": {"channels": True}}, "valid integer"),
        ({"stem": {"channels": "16"}}, "valid integer"),
        ({"stem": {"channels": 16, "pading": 1}}, "pading"),
        ({"input": {"channels": [3], "min_size": 9, "max_size": 8}}, "min_size 9 is above max_size 8"),
        ({"input": {"channels": [2], "min_size": 8, "max_size": 8}}, "1 or 3"),
        ({"head": {"channels": 8, "dropout": 1.0}}, "less than 1"),
        ({"head": {"channels": 8, "dropout": float("nan")}}, "dropout"),
        ({"head": {"channels": 8, "pool": "max"}}, "pool"),
        ({"name": "../cifar"}, "pattern"),
        ({"name": "cifar\n"}, "pattern"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_refused(parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        changed(**parts)


@pytest.mark.parametrize(
    ("channels", "size", "expected"),
    [(1, 8, (1, 8)), (3, 28, (3, 28)), (4, 20, (3, 20)), (2, 20, (3, 20)), (1, 100, (1, 28)), (3, 1, (3, 8))],
)
def test_choose_takes_the_nearest_served(channels: int, size: int, expected: tuple[int, int]) -> None:
    assert Input(channels=(1, 3), min_size=8, max_size=28).choose(channels, size) == expected


@given(spaces(), st.integers(1, 4), st.integers(1, 1000))
def test_choose_is_always_served(space: Space, channels: int, size: int) -> None:
    served, side = space.input.choose(channels, size)
    assert served in space.input.channels
    assert space.input.min_size <= side <= space.input.max_size
