"""Networks and files whose answers are known without running them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from wattnas.blocks import Network, build
from wattnas.space import Architecture, Head, Input, Layout, Space, Stage, Stem, load_space

DIGITS = tuple(str(digit) for digit in range(10))
SMALL = Space(
    name="small",
    input=Input(channels=(1,), min_size=8, max_size=8),
    stem=Stem(channels=4),
    stages=(Stage(channels=4, layers=1), Stage(channels=8, layers=1, stride=2)),
    candidates=("k3_e1_g2", "skip"),
    head=Head(channels=8),
)
TINY = ("k3_e3", "k3_e1_g2", "k5_e1", "skip", "skip", "k5_e3")


def randomise_norms(module: nn.Module) -> None:
    """Give every BatchNorm statistics as after training; fresh ones are 0 and 1 and hide mistakes."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -1, 1)


def tiny_network(seed: int = 0) -> Network:
    """A network of space `tiny` for grey 8x8 images of ten classes, with statistics as after training."""
    return _network(load_space("tiny"), TINY, seed)


def small_network(seed: int = 0) -> Network:
    """As `tiny_network`, of two layers only: quick to export."""
    return _network(SMALL, ("k3_e1_g2", "skip"), seed)


def _network(space: Space, operations: tuple[str, ...], seed: int) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(Architecture.of(operations, space), Layout.resolve(space, 10, 1, 8))
        randomise_norms(network)
    network.normalise_with(torch.tensor([0.3]), torch.tensor([0.4]))
    return network


def pixels_file(
    pixels: int = 3,
    *,
    scale: Sequence[float] | None = None,
    metadata: dict[str, str] | None = None,
    shape: Sequence[str | int] | None = None,
    source: str = "images",
    target: str = "logits",
) -> bytes:
    """A hand-made ONNX file: logits of an image (1, 1, pixels) are its pixel values 0..1 times `scale`."""
    shape = ["batch", 1, 1, pixels] if shape is None else shape
    factors = helper.make_tensor("factors", TensorProto.FLOAT, [pixels], list(scale or [1.0] * pixels))
    nodes = [
        helper.make_node("Flatten", [source], ["flat"]),
        helper.make_node("Mul", ["flat", "factors"], [target]),
    ]
    graph = helper.make_graph(
        nodes,
        "pixels",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, ["batch", pixels])],
        [factors],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    classes = json.dumps([f"class {i}" for i in range(pixels)])
    onnx.helper.set_model_props(model, {"classes": classes} if metadata is None else metadata)
    content: bytes = model.SerializeToString()
    return content


class Pixels(nn.Module):
    """The torch network that `pixels_file` should be."""

    def __init__(self, scale: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 1, pixels) to (N, pixels)."""
        return x.flatten(1) * self.scale
