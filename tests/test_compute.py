"""Where tensors are computed, and how processes share a batch."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
import torch

from wattnas.compute import CPU, Compute, choose_compute
from wattnas.errors import ConfigError, MissingExtraError


def test_alone_and_without_a_gpu_it_is_the_cpu_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_compute() == CPU
    assert CPU.is_first and CPU.name == "CPU"


def test_a_gpu_that_is_asked_for_and_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="no CUDA GPU"):
        choose_compute(processor="cuda")


def test_a_gpu_is_taken_with_the_precision_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for supported, dtype in ((True, torch.bfloat16), (False, None)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda supported=supported: supported)
        assert choose_compute() == Compute(torch.device("cuda"), dtype)
    assert choose_compute(precision="float32").autocast is None
    assert choose_compute(processor="cpu") == CPU


def test_several_processes_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.startswith("accelerate"):
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"wattnas\[processes\]"):
        choose_compute()


def test_parts_of_a_batch_are_equal_and_in_order() -> None:
    batch = torch.arange(12).view(6, 2)
    parts = [Compute(rank=rank, processes=3).own_part(batch) for rank in range(3)]
    assert torch.equal(torch.cat(parts), batch) and {len(part) for part in parts} == {2}
    assert CPU.own_part(batch) is batch
    with pytest.raises(ConfigError, match=r"batch of 6 images does not divide among 4"):
        Compute(processes=4).own_part(batch)


def test_lower_precision_is_a_context() -> None:
    a = torch.rand(4, 4)
    with Compute(autocast=torch.bfloat16).precision():
        assert (a @ a).dtype == torch.bfloat16
    with CPU.precision():
        assert (a @ a).dtype == torch.float32
