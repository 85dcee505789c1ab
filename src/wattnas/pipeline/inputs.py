"""Which space, and which shape of its input, suits the images."""

from __future__ import annotations

from typing import NamedTuple

from wattnas.config import Settings
from wattnas.device import LOCAL, Profile, cost_table, load_profile
from wattnas.errors import ProfileError, SpaceError
from wattnas.space import Layout, Space, load_space

_ANY_CLASSES = 2
"""Costs of searchable layers do not depend on the number of classes."""


class ChosenInput(NamedTuple):
    """Name or path of a space, and the channels and side of its input."""

    space: str
    channels: int
    size: int


def choose_input(settings: Settings, channels: int, size: int) -> ChosenInput:
    """The space and input for images with so many channels and such a side in pixels.

    The setting `space: auto` means `tiny` for images that are no larger than it serves, else `cifar`. Of the
    sizes a space serves, `image_size` decides, or the one nearest to the images' own that the profile covers.

    Raises:
        SpaceError: `image_size` is not served by the space.
    """
    name = settings.space
    if name == "auto":
        name = "tiny" if size <= load_space("tiny").input.max_size else "cifar"
    space = load_space(name)
    served_channels, nearest = space.input.choose(channels, size)
    if settings.image_size:
        Layout.resolve(space, _ANY_CLASSES, served_channels, settings.image_size)
        return ChosenInput(name, served_channels, settings.image_size)
    return ChosenInput(name, served_channels, _covered_size(settings.device, space, served_channels, nearest))


def _covered_size(device: str, space: Space, channels: int, nearest: int) -> int:
    """The served size nearest to `nearest` that the profile covers; `nearest` itself where it covers none."""
    if device == LOCAL or space.input.min_size == space.input.max_size:
        return nearest
    profile = load_profile(device)
    sizes = range(space.input.min_size, space.input.max_size + 1)
    ordered = sorted(sizes, key=lambda side: (abs(side - nearest), side))
    return next((side for side in ordered if _covers(profile, space, channels, side)), nearest)


def _covers(profile: Profile, space: Space, channels: int, size: int) -> bool:
    try:
        cost_table(profile, Layout.resolve(space, _ANY_CLASSES, channels, size))
    except (ProfileError, SpaceError):
        return False
    return True
