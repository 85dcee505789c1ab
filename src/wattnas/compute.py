"""Where tensors are computed: processor, precision, memory, and the processes that train together.

(What a network will run on is the *device*, another thing; see `device/`.)
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from wattnas.errors import ConfigError, MissingExtraError

CPU_DEVICE = torch.device("cpu")
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


@dataclass(frozen=True)
class Compute:
    """How this process computes.

    Attributes:
        device: of all tensors but theta.
        autocast: lower precision for convolutions and matrix products; None for float32 throughout.
        rank, processes: which of how many processes this is.
    """

    device: torch.device = CPU_DEVICE
    autocast: torch.dtype | None = None
    rank: int = 0
    processes: int = 1

    @property
    def name(self) -> str:
        """What computes, for people: the GPU's name, or "CPU"."""
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def precision(self) -> AbstractContextManager[object]:
        """Context in which a forward pass runs."""
        return torch.autocast(self.device.type, self.autocast) if self.autocast else nullcontext()

    def own_part(self, batch: Tensor) -> Tensor:
        """This process's equal share of a batch (N, ...) of all; ConfigError where it does not divide."""
        if len(batch) % self.processes:
            raise ConfigError(
                f"A batch of {len(batch)} images does not divide among {self.processes} processes.",
                f"Set search.batch and train.batch to a multiple of {self.processes}.",
            )
        return batch.chunk(self.processes)[self.rank] if self.processes > 1 else batch

    def average(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The mean over processes of each tensor, by one message; the tensors themselves if alone."""
        if self.processes == 1:
            return list(tensors)
        from accelerate.utils import reduce

        whole = torch.cat([tensor.detach().flatten() for tensor in tensors])
        # GPUs exchange what lies on them; theta and losses come from the host.
        flat = reduce(whole.to(self.device), reduction="mean").to(whole.device)
        parts = flat.split([tensor.numel() for tensor in tensors])
        return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]

    def average_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Replace gradients by their means over processes; all have them for the same parameters."""
        if self.processes > 1:
            used = [parameter for parameter in parameters if parameter.grad is not None]
            means = self.average([parameter.grad for parameter in used if parameter.grad is not None])
            for parameter, mean in zip(used, means, strict=True):
                parameter.grad = mean.contiguous(memory_format=torch.preserve_format)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.processes > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()


CPU = Compute()
"""This process alone, on the CPU, in float32."""


def choose_compute(
    processor: Literal["auto", "cpu", "cuda"] = "auto",
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
) -> Compute:
    """The fastest that is here: a CUDA GPU with bfloat16 where it has it, else the CPU in float32.

    Under `torchrun` or `accelerate launch` the processes find each other here (Hugging Face accelerate).

    Raises:
        ConfigError: CUDA is asked for and not there.
        MissingExtraError: several processes, and accelerate is not installed.
    """
    if processor == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "Setting processor = 'cuda': this torch finds no CUDA GPU.", "Leave it at auto, or set it to cpu."
        )
    use_cuda = processor != "cpu" and torch.cuda.is_available()
    rank, processes, device = 0, 1, torch.device("cuda" if use_cuda else "cpu")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        rank, processes, device = _meet(use_cuda)
    if precision == "auto":
        precision = "bfloat16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "float32"
    return Compute(device, torch.bfloat16 if precision == "bfloat16" else None, rank, processes)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads compute one operation of torch on the CPU, until the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> bool:
    """Let the allocator keep what is freed instead of giving it back to the system; returns whether it does.

    glibc takes each block above 32 MiB from the system and gives it back when it is freed, so that a large
    activation pays for new pages every time: on a feature map of 46 MB that is most of the time of an
    elementwise operation (docs/engine.md). For a process that trains, what is freed is needed again. The
    price: memory of a finished stage stays with the process.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, -1))


def _meet(use_cuda: bool) -> tuple[int, int, torch.device]:
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise MissingExtraError(
            "Several processes were started, and the package `accelerate` is not installed.",
            "Install wattnas[processes], or start one process.",
        ) from error
    state = PartialState(cpu=not use_cuda)
    return state.process_index, state.num_processes, state.device
