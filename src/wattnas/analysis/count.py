"""Multiply-adds, stored weights and bytes moved of an exported graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt

from wattnas.analysis.graph import Graph, Node

MACS_RULE = (
    "one multiply-add is one MAC; counted are convolutions (transposed ones too), matrix products and fully "
    "connected layers, from the shapes in the exported graph"
)
BYTES_RULE = (
    "every operation reads its inputs and weights once and writes its outputs once; views (reshape, flatten, "
    "squeeze) move nothing; caches and scratch space are not considered"
)
VIEWS = frozenset(("Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"))


@dataclass(frozen=True)
class Counts:
    """What a graph needs for its batch.

    Attributes:
        macs: multiply-adds by `MACS_RULE`.
        weights: numbers stored in the file; BatchNorm is folded, so they are fewer than what was trained.
        bytes_moved: by `BYTES_RULE`.
        counted: operation -> how many nodes of it were counted as MACs.
        not_counted: operation -> how many elements its nodes write, none of them counted as MACs.
        unknown: nodes left out because a shape cannot be told from the file.
    """

    macs: int
    weights: int
    bytes_moved: int
    counted: Mapping[str, int]
    not_counted: Mapping[str, int]
    unknown: tuple[str, ...]


def count_graph(graph: Graph) -> Counts:
    """Counts of `graph` for the batch it was read at."""
    macs, moved = 0, 0
    counted: Counter[str] = Counter()
    not_counted: Counter[str] = Counter()
    unknown: list[str] = []
    for node in graph.nodes:
        if not _is_known(graph, node):
            unknown.append(node.op)
            continue
        rule = _RULES.get(node.op)
        if rule is not None:
            macs += rule(graph, node)
            counted[node.op] += 1
        elif node.op not in VIEWS:
            not_counted[node.op] += sum(graph.tensors[out].elements for out in node.outputs)
        if node.op not in VIEWS:
            moved += sum(graph.tensors[name].size for name in (*node.inputs, *node.outputs))
    return Counts(macs, _stored(graph), moved, dict(counted), dict(not_counted), tuple(unknown))


def _is_known(graph: Graph, node: Node) -> bool:
    return all(name in graph.tensors for name in (*node.inputs, *node.outputs))


def _stored(graph: Graph) -> int:
    used = {name for node in graph.nodes for name in node.inputs}
    facts = (graph.tensors[name] for name in graph.weights & used)
    return sum(fact.elements for fact in facts if fact.is_float)


def _conv(graph: Graph, node: Node) -> int:
    """Outputs times what each of them sums up: (out, in / groups, k, k) weights."""
    out, weight = graph.tensors[node.outputs[0]], graph.tensors[node.inputs[1]]
    return out.elements * (weight.elements // weight.shape[0])


def _conv_transpose(graph: Graph, node: Node) -> int:
    """Inputs times what each of them is spread over: (in, out / groups, k, k) weights."""
    into, weight = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    return into.elements * (weight.elements // weight.shape[0])


def _product(graph: Graph, node: Node) -> int:
    """Outputs times the length of the sums."""
    out, left, right = (graph.tensors[name] for name in (node.outputs[0], *node.inputs[:2]))
    if node.op == "MatMul":
        return out.elements * left.shape[-1]
    # Gemm, either side of which may be transposed: rows x sums x columns, each in two of three shapes.
    return isqrt(out.elements * left.elements * right.elements)


_RULES: dict[str, Callable[[Graph, Node], int]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _product,
    "MatMul": _product,
}
