"""Which space and input images get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builds import round_profile
from wattnas.config import Settings
from wattnas.device import Profile
from wattnas.errors import SpaceError
from wattnas.pipeline.inputs import choose_input
from wattnas.space import Layout, load_space


def settings(**values: Any) -> Settings:
    return Settings.model_validate({"goal_accuracy": 0.5, "device": "local"} | values)


@pytest.mark.parametrize(
    ("channels", "side", "expected"),
    [
        (1, 8, ("tiny", 1, 8)),
        (3, 28, ("tiny", 3, 28)),
        (1, 5, ("tiny", 1, 8)),
        (1, 29, ("cifar", 3, 32)),
        (3, 32, ("cifar", 3, 32)),
        (3, 500, ("cifar", 3, 32)),
    ],
)
def test_small_images_get_the_small_space_at_their_own_size(
    channels: int, side: int, expected: tuple[str, int, int]
) -> None:
    assert choose_input(settings(), channels, side) == expected


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 20), (1, 28)])
def test_the_published_profile_serves_the_small_space_at_16_pixels_alone(channels: int, side: int) -> None:
    assert choose_input(settings(device="ozawa-2021"), channels, side) == ("tiny", channels, 16)


def test_a_named_space_wins_over_the_size() -> None:
    assert choose_input(settings(space="cifar"), 1, 8) == ("cifar", 3, 32)
    assert choose_input(settings(space="tiny"), 3, 200) == ("tiny", 3, 28)
    assert choose_input(settings(space="imagenet"), 3, 500) == ("imagenet", 3, 224)


def test_an_image_size_wins_over_the_profile() -> None:
    assert choose_input(settings(device="ozawa-2021", image_size=12), 1, 8) == ("tiny", 1, 12)
    with pytest.raises(SpaceError, match="does not take 1x64x64"):
        choose_input(settings(image_size=64), 1, 8)


@pytest.fixture
def two_sizes(tmp_path: Path) -> str:
    """A profile that covers the space `tiny` at 12 and 20 pixels."""
    entries = {
        entry.key: entry
        for side in (12, 20)
        for entry in round_profile(Layout.resolve(load_space("tiny"), 2, 1, side)).entries
    }
    profile = Profile(
        name="two", description="", hardware="", scope="layers", entries=tuple(entries.values())
    )
    (tmp_path / "two.json").write_text(profile.to_json())
    return str(tmp_path / "two.json")


@pytest.mark.parametrize(("side", "chosen"), [(8, 12), (12, 12), (15, 12), (16, 12), (17, 20), (28, 20)])
def test_the_nearest_size_that_the_profile_covers_is_taken(two_sizes: str, side: int, chosen: int) -> None:
    assert choose_input(settings(device=two_sizes), 1, side).size == chosen


def test_the_images_own_size_stays_where_the_profile_covers_none(inputs: Path) -> None:
    assert choose_input(settings(device=str(inputs / "desk.json")), 1, 20) == ("tiny", 1, 20)
