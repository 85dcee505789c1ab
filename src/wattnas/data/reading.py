"""Reading the parts of a source into tensors: twice through, first the headers, then the pixels."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from wattnas.data.labels import Classes, encode
from wattnas.data.pixels import Header, decode, read_header
from wattnas.data.sources import Bad, Content, Part
from wattnas.data.types import ImageSet
from wattnas.errors import DataError
from wattnas.units import format_bytes

S = TypeVar("S")
T = TypeVar("T")

_IMAGES_AT_ONCE = 16


class Reading:
    """One part on its way into memory, and what is wrong with each of its entries so far."""

    def __init__(self, part: Part, classes: Classes) -> None:
        self.part = part
        self.labels, self._bad = encode(part.labels, classes)

    @property
    def complaints(self) -> list[str]:
        """One "file or row: reason" per bad entry, in their order."""
        return [f"{self.part.name(index)}: {self._bad[index]}" for index in sorted(self._bad)]

    @property
    def usable(self) -> list[int]:
        """Class index of each entry that is not known to be bad."""
        return [label for index, label in enumerate(self.labels) if index not in self._bad]

    def survey(self) -> list[Header]:
        """The headers of all usable entries."""
        headers = []
        for index, header in enumerate(_in_parallel(read_header, self.part.contents())):
            if isinstance(header, Bad):
                self._bad[index] = header.reason
            elif index not in self._bad:
                headers.append(header)
        return headers

    def decode(self, channels: int, side: int) -> ImageSet:
        """The pixels of all usable entries, each (channels, side, side)."""
        wanted = [index for index in range(len(self.labels)) if index not in self._bad]
        _check_memory(len(wanted), channels, side)
        pixels = np.empty((len(wanted), channels, side, side), np.uint8)
        place = {index: slot for slot, index in enumerate(wanted)}

        def fill(numbered: tuple[int, Content]) -> Bad | None:
            index, content = numbered
            if isinstance(content, Bad):
                return content
            return _fill(pixels[place[index]], content) if index in place else None

        for index, bad in enumerate(_in_parallel(fill, enumerate(self.part.contents()))):
            if bad is not None:
                self._bad[index] = bad.reason
        return self._image_set(pixels, wanted)

    def _image_set(self, pixels: NDArray[np.uint8], wanted: list[int]) -> ImageSet:
        kept = [slot for slot, index in enumerate(wanted) if index not in self._bad]
        if len(kept) < len(wanted):
            pixels = pixels[kept]
        return ImageSet(torch.from_numpy(pixels), torch.tensor(self.usable, dtype=torch.int64))


def _fill(target: NDArray[np.uint8], content: Content) -> Bad | None:
    image = decode(content, target.shape[0], target.shape[1])
    if isinstance(image, Bad):
        return image
    target[:] = image
    return None


def _in_parallel(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """`work` on each item, in order, by one thread per core; only a few items wait in memory at a time.

    Threads do, as the decoders let go of Python's lock.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    source = iter(items)
    with ThreadPoolExecutor(cores) as pool:
        waiting: deque[Future[list[T]]] = deque()
        while chunk := list(islice(source, _IMAGES_AT_ONCE)):
            waiting.append(pool.submit(_each, work, chunk))
            if len(waiting) > 2 * cores:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _each(work: Callable[[S], T], chunk: list[S]) -> list[T]:
    return [work(item) for item in chunk]


def _check_memory(n: int, channels: int, side: int) -> None:
    """Refuse what this machine cannot hold, before the system ends the process for it."""
    needed, present = n * channels * side * side, _memory_bytes()
    if present is not None and needed > present:
        raise DataError(
            f"{n} images of {channels}x{side}x{side} take {format_bytes(needed)}, this machine has "
            f"{format_bytes(present)}.",
            "Use fewer images or a space with a smaller input.",
        )


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
