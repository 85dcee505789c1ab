"""Graphs small enough to count by hand, rows with known laws, and modules that misbehave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from wattnas.analysis.row import Row
from wattnas.units import Quantity


def onnx_file(
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, tuple[int, ...]],
    *,
    image: Sequence[str | int] = ("batch", 3, 8, 8),
    source: str = "images",
    target: str = "logits",
) -> bytes:
    """An ONNX file with these nodes; weights are ones of the given shapes."""
    initializers = [
        helper.make_tensor(name, TensorProto.FLOAT, shape, [1.0] * _elements(shape))
        for name, shape in weights.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "by hand",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, list(image))],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, None)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def small_file(**options: object) -> bytes:
    """3x8x8 -> conv 3x3 to 4 channels -> ReLU -> global mean -> flatten -> linear to 2."""
    nodes = [
        helper.make_node("Conv", [str(options.get("source", "images")), "w1"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w2"], [str(options.get("target", "logits"))], transB=1),
    ]
    return onnx_file(nodes, {"w1": (4, 3, 3, 3), "w2": (2, 4)}, **options)  # type: ignore[arg-type]


class Classifier(nn.Module):
    """A convolution and a linear layer: quick to export."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Linear(4, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, classes)."""
        logits: Tensor = self.head(self.conv(x).relu().mean((2, 3)))
        return logits


def classifier() -> nn.Module:
    """As a user would name it: tests.analysis.models:classifier."""
    return Classifier()


def only_eight() -> nn.Module:
    """Takes 8x8 images alone."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))


def no_logits() -> nn.Module:
    """Answers with feature maps."""
    return nn.Conv2d(3, 4, 1)


def quantity(value: float, unit: str = "1", origin: str = "measured") -> Quantity:
    return Quantity.model_validate({"value": value, "unit": unit, "origin": origin, "source": "made up"})


def row(
    name: str,
    *,
    macs: float = 1e8,
    seconds: float = 0.01,
    top1: float | None = 0.7,
    watts: dict[int, float] | None = None,
    family: str = "ResNet",
) -> Row:
    """A row with these figures; energy is modelled unless `watts` were measured."""
    power = watts or {1: 10.0, 4: 10.0}
    origin = "measured" if watts else "modelled"
    return Row(
        key="",
        name=name,
        title=name,
        family=family,
        kind="zoo",
        weights="random",
        input=(3, 224, 224),
        classes=1000,
        params=quantity(5e6),
        stored=quantity(5e6),
        macs=quantity(macs),
        bytes_moved=quantity(macs, "B"),
        activation_peak={1: quantity(1e6, "B"), 4: quantity(4e6, "B")},
        process_peak={1: quantity(1e8, "B"), 4: quantity(2e8, "B")},
        latency={1: quantity(seconds, "s"), 4: quantity(4 * seconds, "s")},
        energy={batch: quantity(w * seconds * batch, "J", origin) for batch, w in power.items()},
        power={batch: quantity(w, "W", origin) for batch, w in power.items()},
        accuracy=None,
        literature={} if top1 is None else {"top1": quantity(top1, origin="literature")},
        counted={"Conv": 1},
        not_counted={"Relu": 10},
        notes=(),
        wall_s=1.0,
    )


def images(n: int = 1) -> Tensor:
    return torch.zeros(n, 3, 8, 8)
