from __future__ import annotations

import hashlib

import torch

from tests.data.make import numbered, numbers
from wattnas.data import ImageSet
from wattnas.data.types import hash_sets


def test_a_subset_has_the_images_asked_for_in_that_order() -> None:
    images = numbered([10, 11, 12, 13], [0, 1, 0, 1])
    part = images.subset(torch.tensor([3, 0]))
    assert numbers(part) == [13, 10]
    assert part.labels.tolist() == [1, 0]
    assert (len(images), len(part)) == (4, 2)


def test_the_hash_is_that_of_names_shape_pixels_and_labels() -> None:
    images = numbered([1], [0])
    by_hand = b'["a", "b"]' + b"(1, 1, 2, 2)" + bytes([1, 0, 7, 255]) + bytes(8) + b"none"
    assert hash_sets(["a", "b"], images, None) == hashlib.sha256(by_hand).hexdigest()[:16]


def test_the_hash_tells_pixels_labels_names_and_parts_apart() -> None:
    one, two = numbered([1, 2], [0, 1]), numbered([3], [0])
    hashes = {
        hash_sets(["a", "b"], one, None),
        hash_sets(["a", "c"], one, None),
        hash_sets(["a", "b"], one, two),
        hash_sets(["a", "b"], two, one),
        hash_sets(["a", "b"], numbered([1, 3], [0, 1]), None),
        hash_sets(["a", "b"], numbered([1, 2], [1, 0]), None),
        hash_sets(["a", "b"], ImageSet(one.images.view(2, 1, 4, 1), one.labels), None),
    }
    assert len(hashes) == 7
