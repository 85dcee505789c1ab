"""Checkpoints give back exactly what they took."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from wattnas.checkpoint import (
    contiguous,
    load_state,
    pack_module,
    pack_optimizer,
    save_state,
    unpack_module,
    unpack_optimizer,
)
from wattnas.errors import RunError


def small_network() -> nn.Module:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2)
    )
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def one_step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    torch.manual_seed(seed)
    images = torch.rand(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    optimizer.zero_grad(set_to_none=True)
    network(images).square().sum().backward()
    optimizer.step()


def test_tensors_and_values_come_back_bit_for_bit(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b": torch.tensor([1, 2**40]), "c": torch.tensor(float("nan"))}
    save_state(tmp_path / "x", tensors, {"step": 7, "deep": {"rate": 0.1}})
    found, values = load_state(tmp_path / "x")
    assert values == {"step": 7, "deep": {"rate": 0.1}}
    assert all(
        torch.equal(
            found[name],
            tensor,
        )
        for name, tensor in tensors.items()
        if name != "c"
    )
    assert found["c"].isnan()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "search.checkpoint"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"search\.checkpoint is damaged"):
        load_state(path)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_resumed_optimizer_goes_on_bit_for_bit(tmp_path: Path, kind: str) -> None:
    def make(network: nn.Module) -> torch.optim.Optimizer:
        if kind == "sgd":
            return torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
        return torch.optim.Adam(network.parameters(), 0.01)

    torch.manual_seed(0)
    straight = small_network()
    optimizer = make(straight)
    one_step(straight, optimizer, 1)
    save_state(tmp_path / "x", pack_module(straight, "net.") | pack_optimizer(optimizer, "opt."), {})
    one_step(straight, optimizer, 2)

    tensors, _ = load_state(tmp_path / "x")
    resumed = small_network()
    again = make(resumed)
    unpack_module(resumed, tensors, "net.")
    unpack_optimizer(again, tensors, "opt.")
    one_step(resumed, again, 2)
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_an_optimizer_that_skipped_parameters_keeps_skipping_them(tmp_path: Path) -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([unused, used], 0.1, momentum=0.9)
    used.grad = torch.ones(2)
    optimizer.step()
    packed = pack_optimizer(optimizer, "opt.")
    assert set(packed) == {"opt.1.momentum_buffer"}
    again = torch.optim.SGD([unused, used], 0.1, momentum=0.9)
    unpack_optimizer(again, packed, "opt.")
    assert "momentum_buffer" not in again.state.get(unused, {})
    assert torch.equal(again.state[used]["momentum_buffer"], torch.ones(2))


def test_tensors_get_plain_strides_and_keep_their_values() -> None:
    weight = nn.Parameter(torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last))
    found = contiguous({"w": weight, "turned": torch.arange(6).view(2, 3).t()})
    assert found["w"].is_contiguous() and not found["w"].requires_grad
    assert torch.equal(found["w"], weight)
    assert found["turned"].is_contiguous() and found["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
