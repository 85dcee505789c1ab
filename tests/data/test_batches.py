from __future__ import annotations

from collections import Counter

import pytest
import torch

from tests.data.make import numbered
from wattnas.data import Batches, ImageSet, to_float
from wattnas.sections import AugmentSettings

PLAIN = AugmentSettings(padding=0, flip="off")


def batches(
    images: ImageSet,
    *,
    batch: int = 4,
    min_steps: int = 1,
    augment: AugmentSettings = PLAIN,
    flip: bool = True,
) -> Batches:
    return Batches(images, batch=batch, min_steps=min_steps, augment=augment, flip=flip, seed=7)


def shown(pixels: torch.Tensor) -> list[int]:
    """The numbers of `numbered` images, which come in [0, 1]."""
    return [round(value * 255) for value in pixels[:, 0, 0, 0].tolist()]


def test_an_epoch_shows_each_image_with_its_label() -> None:
    source = batches(numbered(range(20), [i % 3 for i in range(20)]))
    assert source.steps == 5
    seen: Counter[int] = Counter()
    for position in range(source.steps):
        images, labels = source.load(0, position)
        assert images.shape == (4, 1, 2, 2)
        assert labels.tolist() == [number % 3 for number in shown(images)]
        seen.update(shown(images))
    assert seen == Counter(range(20))


def test_a_batch_depends_on_epoch_and_position_alone() -> None:
    images = numbered(range(20), [0] * 20)
    straight, jumping = batches(images), batches(images)
    expected = {(epoch, p): shown(straight.load(epoch, p)[0]) for epoch in range(2) for p in range(5)}
    for epoch, position in [(1, 3), (0, 2), (1, 0), (0, 0)]:
        assert shown(jumping.load(epoch, position)[0]) == expected[epoch, position]
    assert expected[0, 0] != expected[1, 0]


def test_a_small_set_is_seen_more_than_once_in_an_epoch() -> None:
    source = batches(numbered(range(3), [0] * 3), batch=8, min_steps=4)
    assert source.steps == 4
    seen = Counter(number for position in range(4) for number in shown(source.load(0, position)[0]))
    assert seen == {0: 4, 1: 4, 2: 4}


@pytest.mark.parametrize(
    ("setting", "survives", "mirrored"),
    [("auto", True, True), ("auto", False, False), ("on", False, True), ("off", True, False)],
)
def test_images_are_mirrored_where_wanted(setting: str, survives: bool, mirrored: bool) -> None:
    images = numbered(range(64), [0] * 64)
    augment = AugmentSettings.model_validate({"padding": 0, "flip": setting})
    plain = batches(images, batch=64).load(0, 0)[0]
    torch.manual_seed(0)
    got = batches(images, batch=64, augment=augment, flip=survives).load(0, 0)[0]
    same = [torch.equal(a, b) for a, b in zip(got, plain, strict=True)]
    turned = [torch.equal(a, b.flip(2)) for a, b in zip(got, plain, strict=True)]
    assert all(s or t for s, t in zip(same, turned, strict=True))
    assert (not all(same)) == mirrored


def test_images_are_cropped_after_padding() -> None:
    white = ImageSet(torch.full((200, 1, 2, 2), 255, dtype=torch.uint8), torch.zeros(200, dtype=torch.int64))
    torch.manual_seed(0)
    cropped = batches(white, batch=200, augment=AugmentSettings(padding=1, flip="off")).load(0, 0)[0]
    # Of nine places one keeps all four pixels, four keep two, four keep one.
    kept = Counter(int(n) for n in cropped.flatten(1).sum(dim=1).tolist())
    assert set(kept) == {1, 2, 4}
    assert kept[4] < kept[1]
    assert torch.equal(batches(white, batch=1).load(0, 0)[0], to_float(white.images[:1]))
