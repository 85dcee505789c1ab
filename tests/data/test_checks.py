from __future__ import annotations

import pytest

from wattnas.data.checks import check_classes, empty_classes, refuse_bad, refuse_foreign
from wattnas.data.labels import Classes
from wattnas.errors import DataError

NAMES = ("a", "b", "c")


def test_what_is_in_order_passes() -> None:
    refuse_bad([])
    refuse_foreign("s", [])
    check_classes("s", NAMES, [0, 1, 1], None, [])
    check_classes("s", NAMES, [0, 1, 1], [1], ["x: is bad"])


def test_the_first_complaint_is_told_and_the_others_counted() -> None:
    with pytest.raises(DataError, match=r"^x: is bad\. Mend or remove"):
        refuse_bad(["x: is bad"])
    with pytest.raises(DataError, match=r"^x: is bad \(2 more are bad\)\. "):
        refuse_bad(["x: is bad", "y: too", "z: too"])


def test_classes_without_training_images_are_listed() -> None:
    classes = Classes(NAMES, {}, True)
    assert empty_classes(classes, [1, 1]) == [
        "class 'a': has no usable training image",
        "class 'c': has no usable training image",
    ]


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([], None, "'s' has no usable training image. 1 left out, the first: x: is bad. Give"),
        ([0, 1], [], "'s' has a test part without a usable image. 1 left out, the first: x: is bad. Mend"),
        ([1, 1], None, "'s' has one class alone, 'b': there is nothing to tell apart. 1 left out, the first"),
        ([0, 1], [2, 0], "'s': class 'c' has test images but no usable training image. Add"),
        (
            [0, 0],
            [1, 2],
            "class 'b' has test images but no usable training image (nor have 1 other classes).",
        ),
    ],
)
def test_what_cannot_be_used_at_all(train: list[int], test: list[int] | None, message: str) -> None:
    with pytest.raises(DataError) as caught:
        check_classes("s", NAMES, train, test, ["x: is bad"])
    assert message in str(caught.value)
