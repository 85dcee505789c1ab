"""Checkpoints: tensors and plain values in one safetensors file, nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from wattnas.errors import RunError
from wattnas.files import write_bytes


def contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """On the host, with plain strides, as safetensors wants them."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def save_state(path: Path, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    """Write tensors and JSON-able values to `path`, whole or not at all."""
    write_bytes(path, save(contiguous(tensors), metadata={"values": json.dumps(values, allow_nan=False)}))


def load_weights(module: nn.Module, path: Path, hint: str) -> None:
    """Give `module` the weights in a safetensors file; RunError with `hint` where they are not its own."""
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise RunError(
            f"{path} does not hold the weights of this network: {str(error).splitlines()[0]}", hint
        ) from error


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_state` wrote; RunError where the file is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            values = json.loads((file.metadata() or {})["values"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise RunError(f"{path} is damaged: {error}.", "Delete it; its stage then starts anew.") from error
    return tensors, values


def pack_optimizer(optimizer: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """The optimizer's per-parameter tensors under `prefix`; rates come from the settings."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}{index}.{key}": value
        for index, slots in state.items()
        for key, value in slots.items()
        if value is not None
    }


def unpack_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], prefix: str) -> None:
    """Give `optimizer` back what `pack_optimizer` took, in the memory format of each parameter.

    The format matters for a bit-identical resume: the vector code of another layout may round differently.
    """
    whole = optimizer.state_dict()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            like = parameters[int(index)]
            same = tensor.shape == like.shape
            state.setdefault(int(index), {})[key] = torch.empty_like(like).copy_(tensor) if same else tensor
    whole["state"] = state
    optimizer.load_state_dict(whole)


def pack_module(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """All weights and buffers of `module` under `prefix`."""
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


def unpack_module(module: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    """Give `module` back what `pack_module` took."""
    module.load_state_dict(
        {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    )
