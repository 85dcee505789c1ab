from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from wattnas.data import epoch_order, random_crop, random_flip, to_float
from wattnas.errors import ConfigError


def batch_of(n: int, channels: int = 3, height: int = 5, width: int = 4, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    # From 1 on, so that the black border can be told from every pixel.
    return torch.randint(1, 256, (n, channels, height, width), generator=generator, dtype=torch.uint8)


def offset_of(cropped: Tensor, image: Tensor, padding: int) -> tuple[int, int]:
    """Where in the padded image the crop was taken: by trying every place."""
    channels, height, width = image.shape
    padded = torch.zeros(channels, height + 2 * padding, width + 2 * padding, dtype=torch.uint8)
    padded[:, padding : padding + height, padding : padding + width] = image
    places = [
        (y, x)
        for y in range(2 * padding + 1)
        for x in range(2 * padding + 1)
        if torch.equal(padded[:, y : y + height, x : x + width], cropped)
    ]
    assert len(places) == 1
    return places[0]


def test_every_crop_is_a_window_of_the_padded_image_and_all_windows_occur() -> None:
    batch = batch_of(600)
    cropped = random_crop(batch, 2, torch.Generator().manual_seed(1))
    assert cropped.shape == batch.shape
    assert cropped.dtype == torch.uint8
    places = Counter(offset_of(c, b, 2) for c, b in zip(cropped, batch, strict=True))
    # 25 places, 24 expected at each; 5 and 60 are more than 3.5 standard deviations away.
    assert len(places) == 25
    assert min(places.values()) > 5
    assert max(places.values()) < 60


def test_a_crop_without_padding_is_the_batch() -> None:
    batch = batch_of(2)
    assert random_crop(batch, 0) is batch


def test_a_negative_padding_is_refused() -> None:
    with pytest.raises(ConfigError, match="-1 pixels is negative"):
        random_crop(batch_of(1), -1)


def test_crop_takes_batches_of_any_memory_format() -> None:
    batch = batch_of(3)
    strided = batch.contiguous(memory_format=torch.channels_last)
    one, other = (random_crop(b, 3, torch.Generator().manual_seed(5)) for b in (batch, strided))
    assert torch.equal(one, other)


def test_flip_mirrors_left_to_right_about_half_of_the_images() -> None:
    batch = batch_of(1000, channels=1)
    flipped = random_flip(batch, torch.Generator().manual_seed(0))
    mirrored = torch.tensor(
        [torch.equal(f, b[..., [3, 2, 1, 0]]) for f, b in zip(flipped, batch, strict=True)]
    )
    kept = torch.tensor([torch.equal(f, b) for f, b in zip(flipped, batch, strict=True)])
    assert bool((mirrored ^ kept).all())
    assert 420 < int(mirrored.sum()) < 580  # five standard deviations


def test_without_a_generator_the_global_one_decides() -> None:
    batch = batch_of(50)
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append((random_crop(batch, 2), random_flip(batch)))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_a_generator_leaves_the_global_one_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    random_flip(random_crop(batch_of(4), 1, torch.Generator()), torch.Generator())
    epoch_order(10, 3, 4, 0)
    assert torch.equal(before, torch.get_rng_state())


def test_to_float_scales_to_one_and_is_channels_last() -> None:
    batch = torch.arange(256, dtype=torch.uint8).view(1, 4, 8, 8)
    result = to_float(batch)
    assert result.dtype == torch.float32
    assert result.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(result.flatten(), torch.tensor([value / 255 for value in range(256)]))


@given(
    n=st.integers(1, 40), batch=st.integers(1, 50), steps=st.integers(0, 20), seed=st.integers(0, 2**63 - 1)
)
def test_an_epoch_shows_each_image_equally_often_up_to_one(n: int, batch: int, steps: int, seed: int) -> None:
    order = epoch_order(n, batch, steps, seed)
    assert order.dtype == torch.int64
    assert tuple(order.shape) == (steps, min(batch, n))
    seen = Counter(order.flatten().tolist())
    times = [seen[index] for index in range(n)]
    assert sum(times) == order.numel()
    assert max(times) - min(times) <= 1
    assert torch.equal(order, epoch_order(n, batch, steps, seed))


def test_an_epoch_is_made_of_whole_permutations() -> None:
    order = epoch_order(5, 2, 5, seed=1).flatten().tolist()
    assert sorted(order[:5]) == sorted(order[5:]) == [0, 1, 2, 3, 4]


def test_epochs_of_other_seeds_differ() -> None:
    assert not torch.equal(epoch_order(50, 10, 5, 0), epoch_order(50, 10, 5, 1))


@pytest.mark.parametrize(("n", "batch", "steps"), [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
def test_an_epoch_of_nothing_is_refused(n: int, batch: int, steps: int) -> None:
    with pytest.raises(ConfigError, match="cannot be laid out"):
        epoch_order(n, batch, steps, 0)
