from __future__ import annotations

import pytest

from wattnas.data.sources.roles import Role, role_of, role_of_file, train_and_test


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("TEST", "test"),
        ("val", "validation"),
        ("valid", "validation"),
        ("validation", "validation"),
        ("tests", None),
        ("trainers", None),
        ("", None),
    ],
)
def test_folders_by_their_whole_name(name: str, role: Role | None) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("stem", "role"),
    [
        ("train-00000-of-00002", "train"),
        ("train", "train"),
        ("test_1", "test"),
        ("validation.part", "validation"),
        ("trainer", None),
        ("0000", None),
        ("cats-train", None),
    ],
)
def test_files_by_their_first_word(stem: str, role: Role | None) -> None:
    assert role_of_file(stem) == role


def test_validation_stands_in_for_test_or_joins_training() -> None:
    assert train_and_test({"train": [1], "validation": [2], "test": [3]}) == ([1, 2], [3])
    assert train_and_test({"train": [1], "validation": [2]}) == ([1], [2])
    assert train_and_test({"train": [1], "test": [3]}) == ([1], [3])
    assert train_and_test({"train": [1]}) == ([1], [])
