"""ONNX Runtime as it is deployed: default graph optimisation, fixed threads, no telemetry."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wattnas.errors import ProfileError
from wattnas.export import onnxruntime


def runner(model: bytes, images: NDArray[np.float32], threads: int) -> Callable[[], object]:
    """A call that runs `model` once on `images` (N, C, H, W) with `threads` threads inside an operation.

    Raises:
        ProfileError: the runtime does not accept the model.
    """
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        # Its fallback would print to the terminal and try the same provider again.
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # its exception classes share no public base
        reason = " ".join(str(error).split()).rstrip(".")
        raise ProfileError(
            f"ONNX Runtime {ort.__version__} does not load an exported block: {reason}.",
            "Report this with the output of `wattnas doctor`.",
        ) from error
    feed = {"images": images}
    return lambda: session.run(None, feed)


def null_model(shape: tuple[int, ...]) -> bytes:
    """A model that only copies its input of `shape`: what a call costs before any work is done."""
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
