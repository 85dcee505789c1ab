"""An ONNX file as nodes and tensors with known shapes, for a given number of images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from wattnas.errors import ExportError

if TYPE_CHECKING:
    import onnx

_SHAPE_DATA = 4096
"""Weights above this many elements are never read as a shape, so their values need not be carried along."""


@dataclass(frozen=True)
class TensorFacts:
    """Shape and bytes per element of a tensor; `is_float` for what holds numbers of the network."""

    shape: tuple[int, ...]
    item: int
    is_float: bool

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.elements * self.item


@dataclass(frozen=True)
class Node:
    """One operation; absent optional inputs are left out."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """What is computed for a batch.

    Attributes:
        nodes: in an order in which they can run.
        tensors: facts of all tensors whose shape is known.
        weights: names of tensors that are stored in the file.
        inputs, outputs: names of what goes in and comes out.
        unknown: names of tensors whose shape cannot be told from the file.
    """

    nodes: tuple[Node, ...]
    tensors: Mapping[str, TensorFacts]
    weights: frozenset[str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    unknown: tuple[str, ...]


def read_graph(content: bytes, name: str, batch: int = 1) -> Graph:
    """The graph of an ONNX file at `batch` images; ExportError where it cannot be read."""
    return read_graphs(content, name, [batch])[batch]


def read_graphs(content: bytes, name: str, batches: Iterable[int]) -> dict[int, Graph]:
    """The graph at each number of images; large files are parsed once."""
    import onnx
    import onnx.inliner

    try:
        model = onnx.load_from_string(content)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        return {batch: _graph(model, batch) for batch in batches}
    except Exception as error:  # protobuf and onnx raise many kinds
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ExportError(f"{name} is not a readable ONNX graph: {reason}.", "Export it again.") from error


def _graph(model: onnx.ModelProto, batch: int) -> Graph:
    import onnx

    tensors = {entry.name: _of_weight(entry) for entry in model.graph.initializer}
    weights = frozenset(tensors)
    inferred = onnx.shape_inference.infer_shapes(_skeleton(model, batch), data_prop=True).graph
    for entry in (*inferred.input, *inferred.value_info, *inferred.output):
        facts = _of_value(entry)
        if facts is not None:
            tensors.setdefault(entry.name, facts)
    nodes = tuple(_node(node) for node in model.graph.node if node.op_type != "Constant")
    produced = {name for node in nodes for name in node.outputs}
    return Graph(
        nodes=nodes,
        tensors=tensors,
        weights=weights,
        inputs=tuple(entry.name for entry in model.graph.input if entry.name not in weights),
        outputs=tuple(entry.name for entry in model.graph.output),
        unknown=tuple(sorted(produced - set(tensors))),
    )


def _skeleton(model: onnx.ModelProto, batch: int) -> onnx.ModelProto:
    """The model without the content of large weights, its batch set."""
    import onnx

    slim = onnx.ModelProto()
    slim.ir_version = model.ir_version
    slim.opset_import.extend(model.opset_import)
    graph = slim.graph
    graph.name = model.graph.name
    graph.node.extend(model.graph.node)
    graph.output.extend(onnx.helper.make_empty_tensor_value_info(out.name) for out in model.graph.output)
    for entry in model.graph.input:
        graph.input.add().CopyFrom(entry)
        dims = graph.input[-1].type.tensor_type.shape.dim
        if dims and not dims[0].dim_value:
            dims[0].dim_value = batch
    for weight in model.graph.initializer:
        if prod(weight.dims) <= _SHAPE_DATA:
            graph.initializer.add().CopyFrom(weight)
        else:
            shape = list(weight.dims)
            graph.input.append(onnx.helper.make_tensor_value_info(weight.name, weight.data_type, shape))
    return slim


def _node(node: onnx.NodeProto) -> Node:
    return Node(node.op_type, tuple(i for i in node.input if i), tuple(o for o in node.output if o))


def _of_weight(entry: onnx.TensorProto) -> TensorFacts:
    return TensorFacts(tuple(entry.dims), *_kind(entry.data_type))


def _of_value(entry: onnx.ValueInfoProto) -> TensorFacts | None:
    kind = entry.type.tensor_type
    if not kind.elem_type or not kind.HasField("shape"):
        return None
    if any(not dim.HasField("dim_value") for dim in kind.shape.dim):
        return None
    return TensorFacts(tuple(dim.dim_value for dim in kind.shape.dim), *_kind(kind.elem_type))


def _kind(data_type: int) -> tuple[int, bool]:
    """(bytes per element, whether it is a floating or quantised number, not an index)."""
    import onnx

    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(data_type)
    except (KeyError, TypeError, ValueError):
        return 1, False
    return max(1, dtype.itemsize), dtype.kind == "f" or dtype.name in ("int8", "uint8", "bfloat16")
