"""A model that does nothing: what a call of the runtime costs before any work is done."""

from __future__ import annotations


def null_model(shape: tuple[int, ...]) -> bytes:
    """A model that only copies its input of `shape` (batch 1)."""
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["logits"])],
        "null",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content
