"""Which part of a source a file, folder or split belongs to, by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

Role = Literal["train", "validation", "test"]
T = TypeVar("T")

_WORDS: dict[str, Role] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_FIRST_WORD = re.compile(r"[A-Za-z]+")


def role_of(name: str) -> Role | None:
    """The role that the whole of `name` states (a folder, a split), upper and lower case alike."""
    return _WORDS.get(name.casefold())


def role_of_file(stem: str) -> Role | None:
    """The role that the first word of a file name states: `train-00000-of-00002`, `test_1`."""
    match = _FIRST_WORD.match(stem)
    return role_of(match[0]) if match else None


def train_and_test(found: Mapping[Role, Sequence[T]]) -> tuple[list[T], list[T]]:
    """What to train on and what to test on.

    A validation part stands in for a missing test part; beside a test part it joins the training images, as
    wattnas takes a validation split of its own from those.
    """
    train, validation, test = (list(found.get(role, ())) for role in ("train", "validation", "test"))
    return (train + validation, test) if test else (train, validation)
