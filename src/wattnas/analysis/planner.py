"""How many bytes of activations are alive at the worst moment, when a planner reuses what it can."""

from __future__ import annotations

from wattnas.analysis.count import VIEWS
from wattnas.analysis.graph import Graph, Node

RULE = (
    "largest sum of feature maps alive at once, operations in the order of the file: a tensor lives from the "
    "operation that writes it to the last that reads it; activations, additions and the like write over an "
    "input that dies there; views share their input; weights, scratch space and the runtime are not in it"
)

_IN_PLACE = frozenset(
    (
        *("Add", "BatchNormalization", "Clip", "Div", "Dropout", "Elu", "Exp", "HardSigmoid", "HardSwish"),
        *("LeakyRelu", "Mul", "PRelu", "Pow", "Relu", "Sigmoid", "Softmax", "Sqrt", "Sub", "Tanh"),
    )
)


def activation_peak(graph: Graph) -> int:
    """Bytes by `RULE`; tensors of unknown shape count as nothing."""
    last = _last_readers(graph)
    place = {name: name for name in graph.inputs}  # tensor -> the storage that holds it
    until = {name: last.get(name, -1) for name in graph.inputs}  # storage -> its last reader
    alive = {name: _size(graph, name) for name in graph.inputs}
    peak = sum(alive.values())
    for index, node in enumerate(graph.nodes):
        for out in node.outputs:
            shared = _shared(graph, node, index, place, until) if out == node.outputs[0] else None
            place[out] = shared or out
            until[place[out]] = last.get(out, index)
            alive[place[out]] = max(alive.get(place[out], 0), _size(graph, out))
        peak = max(peak, sum(alive.values()))
        for name in [name for name in alive if until[name] <= index]:
            del alive[name]
    return peak


def _last_readers(graph: Graph) -> dict[str, int]:
    """Tensor -> index of the last node that reads it or a view of it; outputs are read at the end."""
    last = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    last |= dict.fromkeys(graph.outputs, len(graph.nodes))
    for node in reversed(graph.nodes):
        if node.op in VIEWS:
            last[node.inputs[0]] = max(last[node.inputs[0]], last.get(node.outputs[0], -1))
    return last


def _shared(graph: Graph, node: Node, index: int, place: dict[str, str], until: dict[str, int]) -> str | None:
    """The storage that the node's first output takes over from an input, if any."""
    maps = [name for name in node.inputs if name in place]
    if node.op in VIEWS:
        return place[maps[0]] if maps else None
    if node.op not in _IN_PLACE:
        return None
    wanted = _size(graph, node.outputs[0])
    dying = (place[name] for name in maps if _size(graph, name) == wanted and until[place[name]] == index)
    return next(dying, None)


def _size(graph: Graph, name: str) -> int:
    facts = graph.tensors.get(name)
    return facts.size if facts is not None else 0
