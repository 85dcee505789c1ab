from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests.data.sources.conformance import check_source
from wattnas.data.sources import Bad
from wattnas.data.sources.hub import HUB, from_splits
from wattnas.errors import DataError, MissingExtraError


@dataclass
class ImageFeature:
    """`datasets.Image`."""

    decode: bool = True


@dataclass
class FakeSplit:
    """What is used of `datasets.Dataset`."""

    images: Sequence[Any]
    labels: Sequence[Any]
    names: list[str] | None = field(default_factory=lambda: ["cat", "dog"])
    image: str = "img"
    label: str = "label"
    broken_from: int = 10**9
    cast: dict[str, bool] = field(default_factory=dict)

    @property
    def column_names(self) -> list[str]:
        return [self.image, self.label]

    @property
    def features(self) -> dict[str, Any]:
        label = SimpleNamespace(names=self.names) if self.names else SimpleNamespace(dtype="string")
        return {self.image: ImageFeature(), self.label: label}

    def cast_column(self, column: str, feature: ImageFeature) -> FakeSplit:
        self.cast[column] = feature.decode
        return self

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.labels
        assert isinstance(key, slice)
        if key.stop > self.broken_from:
            raise RuntimeError("the cache\nis gone")
        return {self.image: self.images[key], self.label: self.labels[key]}


def fake_datasets(result: Any) -> Any:
    """A module `datasets` whose hub holds `result`, or fails with it."""

    def load_dataset(name: str) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    return SimpleNamespace(load_dataset=load_dataset, Image=ImageFeature)


def test_splits_become_parts() -> None:
    picture = Image.new("RGB", (2, 2))
    train = FakeSplit([{"bytes": b"a", "path": None}, picture, b"c"], [0, 1, None])
    test = FakeSplit([{"bytes": None, "path": "/cache/d.png"}, None], [1, -1])
    source = from_splits("o/n", {"train": train, "test": test, "unsupervised": train})
    check_source(source)
    assert source.test is not None
    assert source.classes == ("cat", "dog")
    assert list(source.train.labels) == [0, 1, None]
    assert list(source.train.contents()) == [b"a", picture, b"c"]
    assert [str(content) for content in source.test.contents()] == [
        "/cache/d.png",
        str(Bad("holds no image")),
    ]
    assert source.test.name(1) == "o/n test row 1"
    assert source.beside == ("o/n split 'unsupervised': is for neither training nor test",)


def test_more_rows_than_are_read_at_once_keep_their_order() -> None:
    images = [b"%d" % i for i in range(150)]
    source = from_splits("o/n", {"train": FakeSplit(images, [0] * 150)})
    assert list(source.train.contents()) == images


def test_rows_that_cannot_be_read_are_bad() -> None:
    source = from_splits("o/n", {"train": FakeSplit([b"x"] * 100, [0] * 100, broken_from=64)})
    check_source(source)
    contents = list(source.train.contents())
    assert contents[:64] == [b"x"] * 64
    assert contents[64:] == [Bad("cannot be read (the cache is gone)")] * 36


def test_a_sole_split_is_for_training_and_validation_may_be_the_test() -> None:
    one, two = FakeSplit([b"a"], ["x"], None), FakeSplit([b"b"], ["y"], None)
    assert from_splits("o/n", {"full": one}).test is None
    source = from_splits("o/n", {"train": one, "validation": two})
    assert source.classes is None
    assert source.test is not None
    assert list(source.test.labels) == ["y"]


def test_data_sets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"o/n train has no image column \(image or img\); its columns: audio, label"
    ):
        from_splits("o/n", {"train": FakeSplit([], [], image="audio")})
    with pytest.raises(DataError, match="o/n has no split to train on among test, validation"):
        from_splits("o/n", {"test": FakeSplit([], []), "validation": FakeSplit([], [])})
    with pytest.raises(DataError, match="o/n declares other class names"):
        from_splits("o/n", {"train": FakeSplit([], []), "test": FakeSplit([], [], ["dog", "cat"])})


def test_images_are_asked_for_undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    split = FakeSplit([b"a"], [0])
    monkeypatch.setitem(sys.modules, "datasets", fake_datasets({"train": split}))
    assert list(HUB.open("o/n").train.contents()) == [b"a"]
    assert split.cast == {"img": False}


def test_what_the_hub_says_becomes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", fake_datasets(ConnectionError("no\nnetwork.")))
    with pytest.raises(DataError) as caught:
        HUB.open("o/n")
    assert str(caught.value) == (
        "'o/n' is no file or folder here, and the hub does not give it (no network). "
        "Check name and connection, or download its Parquet files and give their folder."
    )


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        MissingExtraError, match=r"'o/n' is no file .*`datasets`\. .*pip install 'wattnas\[hub\]'"
    ):
        HUB.open("o/n")


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("uoft-cs/cifar10", True),
        ("a/b.c_d-e", True),
        ("cifar10", False),
        ("/abs/olute", False),
        ("../up", False),
        ("a/b/c", False),
        ("a/ b", False),
        ("ä/b", False),
    ],
)
def test_names_of_owner_and_data_set_are_accepted(name: str, accepted: bool) -> None:
    assert HUB.accepts(name) == accepted
