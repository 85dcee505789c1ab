"""Augmented training batches that depend on epoch and position alone."""

from __future__ import annotations

from torch import Tensor

from wattnas.compute import CPU, Compute
from wattnas.data.augment import epoch_order, random_crop, random_flip, to_float
from wattnas.data.types import ImageSet
from wattnas.sections import AugmentSettings
from wattnas.seeding import derive_seed


def steps_per_epoch(images: int, batch: int, min_steps: int) -> int:
    """Steps in which `images` are seen once, or as many as are wanted at least."""
    return max(images // batch, min_steps, 1)


class Batches:
    """The training batches of one set of images, epoch by epoch.

    Args:
        images: what to draw from.
        batch: images per step; a smaller set gives smaller batches.
        min_steps: an epoch has at least so many steps; a small set is then seen more than once in it.
        augment: random crop and mirroring, drawn from torch's global generators.
        flip: whether a mirrored image still shows its class.
        seed: of the order, together with the epoch.
        compute: images are kept and augmented on its device; a step gets the part of its process. Every
            process draws the augmentation of the whole batch, so that it does not depend on their number.
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        batch: int,
        min_steps: int,
        augment: AugmentSettings,
        flip: bool,
        seed: int,
        compute: Compute = CPU,
    ) -> None:
        self._images, self._batch, self._seed = images.to(compute.device), batch, seed
        self._compute = compute
        self._padding = augment.padding
        self._flip = augment.flip == "on" or (augment.flip == "auto" and flip)
        self.steps = steps_per_epoch(len(images), batch, min_steps)
        self._epoch, self._order = -1, Tensor()

    def load(self, epoch: int, position: int) -> tuple[Tensor, Tensor]:
        """(images (N, C, H, W) float32 in [0, 1] channels-last, labels (N,) int64) of one step."""
        if epoch != self._epoch:
            seed = derive_seed(self._seed, epoch)
            order = epoch_order(len(self._images), self._batch, self.steps, seed)
            self._epoch, self._order = epoch, order.to(self._compute.device)
        chosen = self._images.subset(self._order[position])
        images = chosen.images
        if self._padding:
            images = random_crop(images, self._padding)
        if self._flip:
            images = random_flip(images)
        part = self._compute.own_part
        return to_float(part(images)), part(chosen.labels)
