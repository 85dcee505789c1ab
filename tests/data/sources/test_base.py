from __future__ import annotations

import pytest

from tests.data.sources.conformance import check_part
from wattnas.data.sources import Bad, Entry, Joined, ListPart


def test_joined_parts_count_on_and_keep_their_names() -> None:
    parts = [
        ListPart([Entry("a0", 0, b"0"), Entry("a1", 1, Bad("is bad"))]),
        ListPart([]),
        ListPart([Entry("b0", None, b"2")]),
    ]
    joined = Joined(parts)
    check_part(joined)
    assert list(joined.labels) == [0, 1, None]
    assert [joined.name(i) for i in range(3)] == ["a0", "a1", "b0"]
    assert list(joined.contents()) == [b"0", Bad("is bad"), b"2"]
    with pytest.raises(IndexError):
        joined.name(3)
