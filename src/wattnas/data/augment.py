"""Augmentation of whole uint8 batches, and the order in which an epoch visits its images."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad

from wattnas.errors import ConfigError


def random_crop(batch: Tensor, padding: int, generator: Generator | None = None) -> Tensor:
    """Pad by `padding` black pixels on every side and cut the old size out, at an offset per image.

    Args:
        batch: uint8 (N, C, H, W).
        padding: in pixels; 0 returns the batch itself.
        generator: source of the offsets (on the batch's device); torch's global one by default.

    Returns:
        uint8 (N, C, H, W); each of the (2 * padding + 1)^2 offsets is equally likely.
    """
    if padding < 0:
        raise ConfigError(f"A crop padding of {padding} pixels is negative.", "Give 0 or more pixels.")
    if padding == 0:
        return batch
    n, channels, height, width = batch.shape
    dy, dx = torch.randint(0, 2 * padding + 1, (2, n), generator=generator, device=batch.device)
    tall, wide = height + 2 * padding, width + 2 * padding
    # A row of the result is `width` neighbours in memory: picking rows is several times faster than pixels.
    planes = torch.arange(n * channels, device=batch.device).view(n, channels, 1) * tall
    rows = planes + dy.view(n, 1, 1) + torch.arange(height, device=batch.device)
    starts = rows * wide + dx.view(n, 1, 1)
    runs = pad(batch, (padding,) * 4).reshape(-1).unfold(0, width, 1)
    return runs.index_select(0, starts.flatten()).view(n, channels, height, width)


def random_flip(batch: Tensor, generator: Generator | None = None) -> Tensor:
    """Mirror each image of a uint8 (N, C, H, W) batch left to right with probability 1/2."""
    mirrored = torch.rand(batch.shape[0], generator=generator, device=batch.device) < 0.5
    return torch.where(mirrored.view(-1, 1, 1, 1), batch.flip(3), batch)


def to_float(batch: Tensor) -> Tensor:
    """uint8 (N, C, H, W) to float32 in [0, 1], in channels_last memory format."""
    return batch.to(torch.float32, memory_format=torch.channels_last).div_(255)


def epoch_order(n: int, batch: int, steps: int, seed: int) -> Tensor:
    """Which images each step of an epoch sees: int64 (steps, min(batch, n)), indices into n images.

    Permutations of the n images stand one after the other until the epoch is full, so that a small
    data set is seen several times, each image equally often up to one. The order depends on the arguments
    alone; give each epoch a seed of its own.
    """
    if n < 1 or batch < 1 or steps < 0:
        raise ConfigError(
            f"An epoch of {steps} steps of {batch} images from {n} cannot be laid out.",
            "Give at least one image, a batch of at least one and no negative number of steps.",
        )
    generator = Generator().manual_seed(seed)
    size = min(batch, n)
    rounds = -(-steps * size // n)
    order = [torch.randperm(n, generator=generator) for _ in range(rounds)]
    return torch.cat([*order, torch.empty(0, dtype=torch.int64)])[: steps * size].view(steps, size)
