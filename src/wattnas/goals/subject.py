"""What the cache of method `goal` depends on: images, space and recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from wattnas.compute import CPU, Compute
from wattnas.config import Settings
from wattnas.data import Splits
from wattnas.space import Layout

_MOST_MEMBERS = 4
_MOST_IMAGE_BYTES = 8 * 2**30
"""Of all members together: each has the images for itself."""


@dataclass(frozen=True)
class Subject:
    """Images, space and recipe: what the cache depends on, and nothing else.

    Attributes:
        layout: the space at the images' input.
        splits: the supernet learns from `weights`, inherited accuracies are measured on `theta`, networks are
            trained on both and measured on `validation`; `test` is not looked at.
        data_hash: of the images.
        flip: whether a mirrored image still shows its class.
        settings: supernet, train, augment, split, seed and checkpoint interval are used; of section select
            only how many networks are trained side by side, and how much longer than usual they may be.
    """

    layout: Layout
    splits: Splits
    data_hash: str
    flip: bool
    settings: Settings
    compute: Compute = CPU

    @property
    def members(self) -> int:
        """Networks that are trained side by side: what the settings say, or what suits this machine."""
        if self.compute.device.type != "cpu":
            return 1
        images = self.splits.train.images.nbytes + self.splits.validation.images.nbytes
        most = min(torch.get_num_threads(), _MOST_MEMBERS, _MOST_IMAGE_BYTES // max(images, 1))
        return self.settings.select.together or max(1, most)

    def _common(self) -> dict[str, Any]:
        layout, s = self.layout, self.settings
        return {
            "data": self.data_hash,
            "split": s.split.model_dump(mode="json"),
            "augment": s.augment.model_dump(mode="json"),
            "seed": s.seed,
            "precision": str(self.compute.autocast or torch.float32).removeprefix("torch."),
            "space": layout.space.hash,
            "input": [layout.channels, layout.size, layout.classes],
        }

    def supernet_key(self) -> dict[str, Any]:
        """All that the supernet and its survey depend on."""
        return self._common() | {"supernet": self.settings.supernet.model_dump(mode="json")}

    def network_key(self, times: int = 1) -> dict[str, Any]:
        """All that a network trained for `times` the epochs depends on, besides its architecture."""
        train = self.settings.train.stretched(times)
        return self._common() | {"train": train.model_dump(mode="json", exclude={"inherit"})}
