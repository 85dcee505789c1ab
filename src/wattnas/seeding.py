"""Random numbers that depend on where a step stands, not on what ran before it.

Each step seeds torch's generators from (seed, stage, epoch, step), so that a run resumed at any step draws
what an undisturbed one draws, and no generator state needs to be kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive_seed(seed: int, *where: str | int) -> int:
    """A seed for one place of a run: 63 bits, the same on every machine."""
    text = "/".join(str(part) for part in (seed, *where))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@contextmanager
def own_random_state() -> Iterator[None]:
    """Let a stage seed torch's global generators, and give the caller's state back afterwards."""
    with torch.random.fork_rng():
        yield


def seed_step(seed: int, *where: str | int) -> None:
    """Seed torch's global generators for one step (dropout, augmentation, gates)."""
    torch.manual_seed(derive_seed(seed, *where))
