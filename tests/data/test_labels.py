from __future__ import annotations

from collections.abc import Sequence

import pytest

from wattnas.data.labels import encode, find_classes, foreign_classes
from wattnas.data.sources import Entry, Label, ListPart, Source
from wattnas.errors import DataError


def source(labels: Sequence[Label], classes: tuple[str, ...] | None = None) -> Source:
    return Source(ListPart([Entry(f"e{i}", label, b"") for i, label in enumerate(labels)]), None, classes)


def test_declared_names_are_numbered_in_their_order() -> None:
    classes = find_classes(source([1, 0], ("z", "a")))
    assert classes.names == ("z", "a")
    assert encode([1, 0, "a"], classes) == ([1, 0, 1], {})


def test_integers_without_names_become_classes_by_value() -> None:
    classes = find_classes(source([10, 2, 10, None, -1]))
    assert classes.names == ("2", "10")
    found, reasons = encode([10, 2, None, -1], classes)
    assert found == [1, 0, -1, -1]
    assert reasons == {2: "has no label", 3: "has label -1, which names no class"}


def test_texts_become_classes_by_alphabet() -> None:
    classes = find_classes(source(["dog", "cat", "", "dog"]))
    assert classes.names == ("cat", "dog")
    assert encode(["", "dog"], classes) == ([-1, 1], {0: "has no label"})


@pytest.mark.parametrize("label", [-1, 2, 2**40])
def test_a_number_outside_the_declared_names_is_bad(label: int) -> None:
    found, reasons = encode([label], find_classes(source([0, 1], ("a", "b"))))
    assert found == [-1]
    assert reasons == {0: f"has label {label}, outside 0 to 1"}


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="Two classes are called 'a'"):
        find_classes(source([0, 1], ("a", "b", "a")))


def test_names_that_only_look_alike_after_escaping_are_refused() -> None:
    with pytest.raises(DataError, match="Two classes are called"):
        find_classes(source(["a\n", "a\\n"]))


def test_foreign_classes_are_those_that_name_something_unknown() -> None:
    open_end = find_classes(source([0, 1]))
    assert foreign_classes([0, 1, 7, -1, None], open_end) == ["7"]
    declared = find_classes(source([0, 1], ("a", "b")))
    assert foreign_classes([0, 7, -1, None], declared) == []
    assert foreign_classes(["a", "zebra"], declared) == ["zebra"]
