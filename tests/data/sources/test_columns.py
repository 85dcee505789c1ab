from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from wattnas.data.sources import Bad
from wattnas.data.sources.columns import IMAGE_COLUMNS, LABEL_COLUMNS, common_names, content_of, pick


def test_the_usual_columns_are_found_in_order_of_preference() -> None:
    assert pick(["fine_label", "img", "label"], LABEL_COLUMNS, "label") == "label"
    assert pick(["fine_label", "img"], LABEL_COLUMNS, "label") == "fine_label"
    assert pick(["fine_label", "img"], IMAGE_COLUMNS, "image") == "img"


def test_a_missing_column_is_named_with_those_there_are() -> None:
    assert pick(["a", "b\n"], IMAGE_COLUMNS, "image") == Bad(
        "has no image column (image or img); its columns: a, b\\n"
    )
    assert pick([], LABEL_COLUMNS, "label") == Bad(
        "has no label column (label or labels or fine_label); its columns: none"
    )


def test_cells_in_each_form() -> None:
    image = Image.new("L", (1, 1))
    assert content_of(b"x") == b"x"
    assert content_of(image) is image
    assert content_of({"bytes": b"x", "path": "a.png"}) == b"x"
    assert content_of({"bytes": None, "path": "a.png"}, folder=Path("there")) == Path("there/a.png")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "holds no image"),
        ({"bytes": None, "path": None}, "holds no image"),
        ({}, "holds no image"),
        ({"bytes": None, "path": "/etc/passwd"}, "holds the path of an image, not the image"),
        (3, "holds a int where an image should be"),
        ("a.png", "holds a str where an image should be"),
    ],
)
def test_cells_without_an_image(cell: object, reason: str) -> None:
    assert content_of(cell) == Bad(reason)


def test_parts_agree_on_class_names_or_are_refused() -> None:
    assert common_names([("a", "b"), None, ("a", "b")]) == ("a", "b")
    assert common_names([None, None]) is None
    assert isinstance(common_names([("a", "b"), ("b", "a")]), Bad)
