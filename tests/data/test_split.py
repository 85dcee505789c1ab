from __future__ import annotations

import json
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.make import dataset, numbered, numbers
from wattnas.data import ImageSet, Splits, make_splits
from wattnas.data.split import channel_statistics
from wattnas.errors import ConfigError, DataError

SIDES = ("weights", "theta", "validation", "test")


def sides(splits: Splits) -> dict[str, ImageSet]:
    return {side: getattr(splits, side) for side in SIDES}


def plain(counts: list[int], first: int = 0) -> ImageSet:
    """counts[class] different images of each class."""
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    return numbered(range(first, first + len(labels)), labels)


@settings(max_examples=50, deadline=None)
@given(counts=st.lists(st.integers(4, 40), min_size=2, max_size=4), seed=st.integers(0, 2**63 - 1))
def test_splits_are_disjoint_complete_stratified_and_repeatable(counts: list[int], seed: int) -> None:
    data = dataset(plain(counts))
    splits = make_splits(data, seed=seed)
    found = [number for part in sides(splits).values() for number in numbers(part)]
    assert sorted(found) == sorted(numbers(data.train))
    for label, n in enumerate(counts):
        left = float(n)
        for side, share in (("test", 0.2), ("validation", 0.1), ("theta", 0.2)):
            count = int((getattr(splits, side).labels == label).sum())
            assert count >= 1
            assert abs(count - share * left) <= 1
            left -= count
        assert int((splits.weights.labels == label).sum()) == left >= 1
    again = make_splits(data, seed=seed)
    assert all(
        numbers(a) == numbers(b) for a, b in zip(sides(splits).values(), sides(again).values(), strict=True)
    )


@settings(max_examples=50, deadline=None)
@given(
    extra=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 1)), max_size=30),
    seed=st.integers(0, 1000),
)
def test_identical_images_never_stand_on_two_sides(extra: list[tuple[int, int]], seed: int) -> None:
    # 20 different images of each class, then copies of any of them, under either label.
    ids = [*range(40), *(number for number, _ in extra)]
    labels = [0] * 20 + [1] * 20 + [label for _, label in extra]
    splits = make_splits(dataset(numbered(ids, labels)), seed=seed)
    shown = {side: set(numbers(part)) for side, part in sides(splits).items()}
    assert sum(len(s) for s in shown.values()) == 40
    assert Counter(n for part in sides(splits).values() for n in numbers(part)) == Counter(ids)
    assert splits.report.repeated == len(extra)
    assert splits.report.contradictions.total == sum((number >= 20) != label for number, label in extra)
    most = max(Counter(ids).values())
    for label in (0, 1):
        n = labels.count(label)
        assert abs(int((splits.test.labels == label).sum()) - 0.2 * n) <= most


def test_labels_go_with_their_images() -> None:
    data = dataset(plain([30, 50]))
    for part in sides(make_splits(data, seed=4)).values():
        assert part.labels.tolist() == [int(number >= 30) for number in numbers(part)]


def test_another_seed_gives_other_splits() -> None:
    data = dataset(plain([50, 50]))
    assert numbers(make_splits(data, seed=0).test) != numbers(make_splits(data, seed=1).test)


def test_the_global_generator_is_left_alone_and_not_asked() -> None:
    data = dataset(plain([20, 20]))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = make_splits(data, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(99)
    assert numbers(one.weights) == numbers(make_splits(data, seed=3).weights)


def test_a_test_part_of_the_source_is_the_test_split_untouched() -> None:
    test = plain([3, 5], first=1000)
    data = dataset(plain([100, 100]), test)
    splits = make_splits(data, seed=0)
    assert splits.test is test
    # 10 of 100, then 18 of 90, the rest.
    assert splits.report.images == {
        "weights": {"c0": 72, "c1": 72},
        "theta": {"c0": 18, "c1": 18},
        "validation": {"c0": 10, "c1": 10},
        "test": {"c0": 3, "c1": 5},
    }
    assert splits.report.own_test
    assert splits.report.shares == {"validation": 0.1, "theta": 0.2}


def test_images_that_test_and_training_share_are_reported() -> None:
    train = numbered([*range(10), *range(10, 20)], [0] * 10 + [1] * 10)
    test = numbered([100, 3, 12, 101], [0, 0, 0, 1])
    report = make_splits(dataset(train, test), seed=0).report.to_json()
    assert json.loads(json.dumps(report))["test_in_train"] == {
        "total": 2,
        "pairs": [
            {"first": ["train", 3], "second": ["test", 1]},
            {"first": ["train", 12], "second": ["test", 2]},
        ],
    }
    assert json.loads(json.dumps(report))["contradictions"] == {
        "total": 1,
        "pairs": [{"first": ["train", 12], "second": ["test", 2]}],
    }


def test_at_most_twenty_pairs_are_listed() -> None:
    train = plain([30, 30])
    report = make_splits(dataset(train, train), seed=0).report
    assert report.test_in_train.total == 60
    assert len(report.test_in_train.pairs) == 20


def test_train_is_weights_then_theta() -> None:
    splits = make_splits(dataset(plain([20, 20])), seed=0)
    assert numbers(splits.train) == numbers(splits.weights) + numbers(splits.theta)
    assert splits.train.labels.tolist() == splits.weights.labels.tolist() + splits.theta.labels.tolist()


def test_statistics_are_those_of_the_training_images_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 3, 4, 4), generator=generator, dtype=torch.uint8)
    labels = torch.arange(60) % 2
    splits = make_splits(dataset(ImageSet(images, labels)), seed=0)
    values = splits.train.images.to(torch.float64).transpose(0, 1).flatten(1) / 255
    assert torch.allclose(splits.mean.double(), values.mean(dim=1), atol=1e-7)
    assert torch.allclose(splits.std.double(), values.std(dim=1, correction=0), atol=1e-7)
    assert splits.mean.dtype == splits.std.dtype == torch.float32


def test_statistics_by_hand_and_the_floor_of_the_deviation() -> None:
    flat = torch.full((2, 1, 2, 2), 51, dtype=torch.uint8)
    half = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    mean, std = channel_statistics(torch.cat([flat, half], dim=1))
    assert mean.tolist() == pytest.approx([0.2, 0.5])
    assert std.tolist() == pytest.approx([1 / 255, 0.5])


def test_a_class_with_two_images_is_named() -> None:
    with pytest.raises(DataError, match="Class 'c1' has 2 different training images, but needs 4"):
        make_splits(dataset(plain([10, 2])), seed=0)


def test_with_a_test_part_three_training_images_do() -> None:
    test = plain([1, 1], first=500)
    assert len(make_splits(dataset(plain([3, 3]), test), seed=0).weights) == 2
    with pytest.raises(DataError, match="Class 'c1' has 2 different training images, but needs 3"):
        make_splits(dataset(plain([3, 2]), test), seed=0)


def test_a_class_without_test_image_is_named() -> None:
    with pytest.raises(DataError, match="Class 'c1' has no image in the source's test part"):
        make_splits(dataset(plain([5, 5]), numbered([900], [0])), seed=0)


@pytest.mark.parametrize("name", ["theta_share", "validation_share", "test_share"])
@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(name: str, share: float) -> None:
    with pytest.raises(ConfigError, match="is not between 0 and 1"):
        make_splits(dataset(plain([5, 5])), seed=0, **{name: share})
