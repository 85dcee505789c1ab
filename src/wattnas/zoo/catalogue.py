"""All entries, and how a name finds one."""

from __future__ import annotations

from difflib import get_close_matches

from wattnas.errors import ConfigError
from wattnas.zoo.canziani import CANZIANI
from wattnas.zoo.entry import CIFAR, Entry, Shape
from wattnas.zoo.ozawa import OZAWA
from wattnas.zoo.related import RELATED

ENTRIES: tuple[Entry, ...] = (*OZAWA, *CANZIANI, *RELATED)

_GROUPS: dict[str, tuple[Entry, ...]] = {
    "ozawa": OZAWA,
    "canziani": CANZIANI,
    "related": RELATED,
    "imagenet": (*CANZIANI, *RELATED),
    "all": ENTRIES,
}
"""Names that stand for many: a paper's networks, all in ImageNet form, every one."""


def find(name: str, shape: Shape | None = None) -> Entry | None:
    """The entry called `name`, whatever its case and its dashes; None where there is none.

    Where `shape` is a 32x32 input, a name that has a 32x32 form means that one: resnet18 is resnet18_cifar.
    """
    wanted = _plain(name)
    if shape == CIFAR:
        small = _BY_NAME.get(_plain(f"{name}_cifar"))
        if small is not None:
            return small
    return _BY_NAME.get(wanted)


def get(name: str, shape: Shape | None = None) -> Entry:
    """As `find`; ConfigError with the nearest names where there is none."""
    entry = find(name, shape)
    if entry is None:
        raise ConfigError(f"There is no network {name!r} in the zoo.", suggestion(name))
    return entry


def suggestion(name: str) -> str:
    """What to do about a name that is not known."""
    near = get_close_matches(name.lower(), [entry.name for entry in ENTRIES], n=3)
    listing = "`wattnas models` lists all."
    return f"Did you mean {', '.join(near)}? {listing}" if near else listing


def group(name: str) -> tuple[Entry, ...]:
    """The entries that can be built of a group; none for another name."""
    return tuple(entry for entry in _GROUPS.get(name, ()) if entry.is_published)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_BY_NAME = {_plain(entry.name): entry for entry in ENTRIES}
