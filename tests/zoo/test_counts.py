"""The table of counts, counted again."""

from __future__ import annotations

import pytest

from tests.zoo.counting import counted
from wattnas.zoo import counts, get, group


def test_the_table_is_what_counting_gives() -> None:
    pytest.importorskip("pytorchcv", reason="the extra `zoo` is not installed")
    again = {entry.name: counted(entry.make, entry.input)[:2] for entry in group("all")}
    assert {name: tuple(known) for name, known in counts().items()} == again
    assert counts()["alexnet"].params == 61_100_840 and get("alexnet").is_published
