from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wattnas.data.divide import divide, quotas
from wattnas.errors import DataError

SHARES = {"test": 0.2, "validation": 0.1, "theta": 0.2}
NAMES = [f"c{i}" for i in range(10)]


def divided(labels: list[int], twins: list[int] | None = None, seed: int = 0) -> dict[str, list[int]]:
    generator = torch.Generator().manual_seed(seed)
    return divide(labels, list(range(len(labels))) if twins is None else twins, SHARES, generator, NAMES)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (4, (1, 1, 1, 1)),  # least
        (5, (1, 1, 1, 2)),
        (10, (2, 1, 1, 6)),  # 2 of 10, 0.8 of 8, 1.4 of 7
        (100, (20, 8, 14, 58)),  # 20 of 100, 8 of 80, 14.4 of 72
        (5000, (1000, 400, 720, 2880)),
    ],
)
def test_quotas_by_hand(n: int, expected: tuple[int, ...]) -> None:
    assert quotas(n, SHARES) == dict(zip(("test", "validation", "theta", "weights"), expected, strict=True))


def test_quotas_leave_one_image_for_each_later_side() -> None:
    assert quotas(5, {"test": 0.9, "validation": 0.9}) == {"test": 3, "validation": 1, "weights": 1}


def test_of_images_without_twins_each_class_gets_its_quotas() -> None:
    labels = [0] * 100 + [1] * 10 + [2] * 4
    sides = divided(labels)
    for label, n in Counter(labels).items():
        found = {side: sum(labels[i] == label for i in indices) for side, indices in sides.items()}
        assert found == quotas(n, SHARES)
    assert sorted(i for indices in sides.values() for i in indices) == list(range(114))
    assert all(indices == sorted(indices) for indices in sides.values())


def test_who_goes_where_is_drawn_evenly() -> None:
    tested = Counter(i for seed in range(300) for i in divided([0] * 20, seed=seed)["test"])
    # 4 of 20 images in 300 draws: 60 times each, standard deviation 6.9.
    assert set(tested) == set(range(20))
    assert 30 < min(tested.values()) <= max(tested.values()) < 90


def test_twins_stay_together() -> None:
    twins = [0, 0, 0, 3, 4, 5, 5, 7, 8, 9]
    for seed in range(20):
        for indices in divided([0] * 10, twins, seed).values():
            chosen = set(indices)
            for group in ({0, 1, 2}, {5, 6}):
                assert group <= chosen or not group & chosen


def test_copies_do_not_count_as_different_images() -> None:
    with pytest.raises(DataError, match="Class 'c1' has 3 different training images, but needs 4"):
        divided([0] * 6 + [1] * 6, [0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7, 8])


def test_all_classes_with_too_few_are_counted() -> None:
    with pytest.raises(DataError, match=r"Class 'c2' has 1 different .* \(1 more classes have too few\)"):
        divided([0] * 5 + [1] * 3 + [2])


def test_images_that_two_classes_share_serve_both() -> None:
    labels = [0, 0, 0, 0, 1, 1, 1, 1, 1]
    sides = divided(labels, [0, 1, 2, 3, 0, 0, 6, 7, 8])
    assert all({labels[i] for i in indices} == {0, 1} for indices in sides.values())


def test_classes_that_are_too_entangled_end_in_a_message() -> None:
    # Five classes, and an image shared by each two of them: each class has four different images, and giving
    # every side one would colour the edges of the complete graph of five nodes with four colours: impossible.
    pairs = list(combinations(range(5), 2))
    labels = [label for pair in pairs for label in pair]
    with pytest.raises(DataError, match="cannot be split: too many of its images are also in other classes"):
        divided(labels, [2 * (i // 2) for i in range(20)])


@given(st.integers(0, 1000), st.integers(2, 9), st.integers(4, 60))
def test_a_small_class_keeps_every_side_covered(seed: int, small: int, large: int) -> None:
    labels = [0] * large + [1] * max(4, small)
    for indices in divided(labels, seed=seed).values():
        assert {labels[i] for i in indices} == {0, 1}
