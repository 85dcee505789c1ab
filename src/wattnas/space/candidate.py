"""Candidate blocks as descriptors: what a name such as `k5_e1_g2` says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wattnas.errors import SpaceError

_NAME = re.compile(r"k([0-9]{1,4})_e([0-9]{1,4})(?:_g([0-9]{1,4}))?")


@dataclass(frozen=True)
class Candidate:
    """One block that may stand at a layer (Ozawa et al., table 1; FBNet, table 2).

    Attributes:
        kernel: side of the depthwise kernel, odd; 0 for `skip`.
        expansion: hidden channels per input channel; 0 for `skip`.
        groups: groups of both pointwise convolutions.
    """

    kernel: int
    expansion: int
    groups: int = 1

    @property
    def is_skip(self) -> bool:
        """Whether this is `skip`: identity where shapes match, else a strided 1x1 convolution."""
        return self.kernel == 0

    @property
    def name(self) -> str:
        """The name used in architectures, profiles and files."""
        if self.is_skip:
            return "skip"
        return f"k{self.kernel}_e{self.expansion}" + (f"_g{self.groups}" if self.groups > 1 else "")

    @classmethod
    def parse(cls, name: str) -> Candidate:
        """The candidate called `name`; SpaceError unless `skip` or `k<odd>_e<n>[_g<n>]`, each 1 to 9999."""
        if name == "skip":
            return cls(0, 0, 1)
        match = _NAME.fullmatch(name)
        if match is None:
            raise SpaceError(
                f"{name!r} is not a candidate.",
                "Write `skip` or kernel, expansion and groups, as in `k3_e6` or `k5_e1_g2`.",
            )
        kernel, expansion, groups = int(match[1]), int(match[2]), int(match[3] or 1)
        if kernel % 2 == 0 or expansion == 0 or groups == 0:
            raise SpaceError(
                f"{name!r} has an even kernel, or an expansion or group count of 0.",
                "Use odd kernels and counts from 1.",
            )
        candidate = cls(kernel, expansion, groups)
        if candidate.name != name:
            raise SpaceError(f"{name!r} is not how this candidate is written.", f"Write `{candidate.name}`.")
        return candidate
