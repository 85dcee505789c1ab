"""What every source becomes: images as one uint8 tensor, labels, class names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images and their classes.

    Attributes:
        images: uint8 (N, C, H, W), pixel values 0 to 255.
        labels: int64 (N,), index of the class.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def to(self, device: torch.device) -> ImageSet:
        """The same images on `device`."""
        return ImageSet(self.images.to(device), self.labels.to(device))

    def subset(self, indices: Tensor) -> ImageSet:
        """The images at `indices`, int64 (M,), in that order; copied."""
        return ImageSet(self.images.index_select(0, indices), self.labels.index_select(0, indices))


@dataclass(frozen=True, eq=False)
class Dataset:
    """A source in memory, every image of one shape.

    Attributes:
        source: as the user named it.
        classes: class names; a label is an index into them. Each has at least one training image.
        train: the images to learn from, in the source's order.
        test: the source's own test part, where it has one.
        hash: of pixels, labels and class names; the same for the same content wherever it lies.
        flip: whether a mirrored image still shows its class.
        skipped: what was left out, one "file or row: reason" each (rows count from 0): with `skip_bad` the
            bad images and the classes without a usable one; always what lies beside the training and test
            images and belongs to neither.
        native: (channels, side) of the training images before they were brought to size: 1 where all are
            stored grey, else 3; the median of the shorter sides, in pixels.
    """

    source: str
    classes: tuple[str, ...]
    train: ImageSet
    test: ImageSet | None
    hash: str
    flip: bool
    skipped: tuple[str, ...]
    native: tuple[int, int]


def hash_sets(classes: Sequence[str], *sets: ImageSet | None) -> str:
    """A short hash of class names, pixels and labels, the same everywhere; None is a part not there."""
    digest = hashlib.sha256(json.dumps(list(classes)).encode())
    for part in sets:
        if part is None:
            digest.update(b"none")
            continue
        digest.update(repr(tuple(part.images.shape)).encode())
        digest.update(part.images.contiguous().numpy().data)
        digest.update(part.labels.numpy().astype("<i8").data)
    return digest.hexdigest()[:16]
