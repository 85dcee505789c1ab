"""Whole networks for timing, put together from blocks that were exported once.

A network exported whole takes the exporter seconds; hundreds of them would take longer than timing them. The
nodes, shapes and folded BatchNorms of a composed network are those of an exported one (a test compares what
ONNX Runtime makes of both). Weights do not decide a latency, so they are one short random pattern repeated: a
file then packs to an eighth for the way to a device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from wattnas.device.parts import image_of, part_keys, parts
from wattnas.export import onnx_bytes_each
from wattnas.space import Architecture, Layout

if TYPE_CHECKING:
    import onnx

_PATTERN = 4093
"""Values before a weight repeats: a prime, so that no row of a matrix equals another; deflate sees as far."""


def export_parts(layout: Layout) -> dict[str, bytes]:
    """The ONNX file of every part of `layout` by its key, the same bytes at each call."""
    wanted = parts(layout)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        modules = [_as_trained(part.make()) for part in wanted]
    images = [torch.from_numpy(image_of(part)) for part in wanted]
    models = onnx_bytes_each(modules, images)
    return {part.key: _patterned(model) for part, model in zip(wanted, models, strict=True)}


def _as_trained(module: nn.Module) -> nn.Module:
    """Statistics as after training: with fresh ones the exporter drops additions that a network does."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return module.eval()


def _patterned(model: bytes) -> bytes:
    """The same file with every weight one short pattern over and over, as large as the weight was."""
    import onnx
    from onnx import numpy_helper

    pattern = (np.random.default_rng(0).integers(-8, 8, _PATTERN) + 0.5).astype(np.float32) / 4.6
    loaded = onnx.load_from_string(model)
    for entry in loaded.graph.initializer:
        value = numpy_helper.to_array(entry)
        if value.dtype == np.float32 and value.ndim > 1 and value.std() > 0:  # else it normalises
            weight = np.resize(pattern, value.shape) * value.std()
            entry.CopyFrom(numpy_helper.from_array(weight, entry.name))
    return bytes(loaded.SerializeToString(deterministic=True))


class Composer:
    """Networks of one layout from its exported parts; loads each part once."""

    def __init__(self, layout: Layout, exported: Mapping[str, bytes]) -> None:
        import onnx

        self.layout = layout
        self._parts = {key: onnx.load_from_string(model) for key, model in exported.items()}

    def network(self, architecture: Architecture) -> bytes:
        """The ONNX file of `architecture`, from images to logits."""
        keys = part_keys(self.layout, architecture)
        return join([self._parts[key] for key in keys])


def join(models: Sequence[onnx.ModelProto]) -> bytes:
    """One file that feeds each model's output to the next; each has one input and one output."""
    import onnx

    whole = onnx.ModelProto()
    whole.CopyFrom(models[0])
    whole.ClearField("graph")
    whole.graph.name = "network"
    whole.graph.input.append(models[0].graph.input[0])
    whole.graph.output.append(models[-1].graph.output[0])
    upstream = models[0].graph.input[0].name
    for index, model in enumerate(models):
        last = index == len(models) - 1
        upstream = _append(whole.graph, model.graph, f"{index}/", upstream, keep_output=last)
    return bytes(whole.SerializeToString(deterministic=True))


def _append(
    whole: onnx.GraphProto, part: onnx.GraphProto, prefix: str, upstream: str, *, keep_output: bool
) -> str:
    """Add the nodes and weights of `part`, names prefixed, fed by `upstream`; returns its output's name."""
    source, target = str(part.input[0].name), str(part.output[0].name)
    names = {"": "", source: upstream}
    if keep_output:
        names[target] = target
    for entry in part.initializer:
        whole.initializer.add().CopyFrom(entry)
        whole.initializer[-1].name = prefix + entry.name
    inner = [*part.value_info, *([] if keep_output else part.output)]
    for shape in inner:
        whole.value_info.add().CopyFrom(shape)
        whole.value_info[-1].name = names.get(shape.name, prefix + shape.name)
    for node in part.node:
        added = whole.node.add()
        added.CopyFrom(node)
        added.name = prefix + node.name
        added.input[:] = [names.get(name, prefix + name) for name in node.input]
        added.output[:] = [names.get(name, prefix + name) for name in node.output]
    return names.get(target, prefix + target)
