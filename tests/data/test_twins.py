from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.data.make import numbered
from wattnas.data.twins import (
    LISTED,
    Duplicates,
    Twins,
    contradictions,
    fingerprints,
    group_twins,
    twins_across,
)

ids_and_labels = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=1, max_size=25)


@given(ids_and_labels)
def test_groups_join_equal_pixels_and_nothing_else(rows: list[tuple[int, int]]) -> None:
    ids, labels = [row[0] for row in rows], [row[1] for row in rows]
    groups = group_twins(fingerprints(numbered(ids, labels)))
    assert all((groups[a] == groups[b]) == (ids[a] == ids[b]) for a, b in combinations(range(len(ids)), 2))
    assert groups == [ids.index(i) for i in ids]


@given(ids_and_labels, ids_and_labels)
def test_across_and_contradictions_agree_with_naive_search(
    train: list[tuple[int, int]], test: list[tuple[int, int]]
) -> None:
    prints = [fingerprints(numbered([r[0] for r in rows], [r[1] for r in rows])) for rows in (train, test)]
    train_ids = [row[0] for row in train]
    across = [(train_ids.index(number), k) for k, (number, _) in enumerate(test) if number in train_ids]
    assert [(t.first[1], t.second[1]) for t in twins_across(*prints)] == across

    placed = [("train", i, *row) for i, row in enumerate(train)] + [
        ("test", i, *row) for i, row in enumerate(test)
    ]
    expected = []
    for name, index, number, label in placed:
        first = next(row for row in placed if row[2] == number)
        if first[3] != label:
            expected.append(Twins((first[0], first[1]), (name, index)))
    assert contradictions(*prints) == expected


def test_a_part_that_is_not_there_has_no_fingerprints() -> None:
    assert fingerprints(None) == []


def test_a_listing_counts_all_and_keeps_the_first() -> None:
    pairs = [Twins(("train", i), ("test", i)) for i in range(30)]
    listing = Duplicates.listing(pairs)
    assert listing.total == 30
    assert listing.pairs == tuple(pairs[:20])
    assert LISTED == 20
