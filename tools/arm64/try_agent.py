"""Greets an agent that a given Python runs, times two networks there, compares its classes with those here.

python tools/arm64/try_agent.py PYTHON FOLDER
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from wattnas.device.link import Classes, LocalLink, Stretch, greet, run_job

SIDE, CLASSES = 8, 5
QUICK = {"rounds": 3, "max_rounds": 3, "window_s": 0.02, "warmup_s": 0.1, "drift": 3600, "half_width": 1}


def network(channels: int) -> bytes:
    """A convolution, a ReLU, a mean over the image and a linear layer, with random weights."""
    random = np.random.default_rng(channels)
    weights = {"w": (channels, 3, 3, 3), "v": (channels, CLASSES)}
    nodes = [
        helper.make_node("Conv", ["images", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("MatMul", ["d", "v"], ["logits"]),
    ]
    constants = [
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in weights.items()
    ]
    ports = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, ("n", 3, SIDE, SIDE)),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ("n", CLASSES)),
    ]
    graph = helper.make_graph(nodes, "small", ports[:1], ports[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def classes_here(model: bytes, images: NDArray[np.uint8]) -> list[int]:
    """What this machine answers."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"images": images.astype(np.float32) / 255})[0]
    return [int(k) for k in np.asarray(logits).argmax(axis=1)]


def main(python: str, folder: Path) -> int:
    """Returns 0 where all agrees."""
    link = LocalLink(folder, python)
    hello = greet(link, print)
    print(f"Python {hello.python}, numpy {hello.numpy}, ONNX Runtime {hello.onnxruntime}, {hello.bits} bits")
    print(f"it says: {hello.state['machine']['system']}, problems: {list(hello.problems) or 'none'}")
    images = np.random.default_rng(0).integers(0, 256, (64, 3, SIDE, SIDE), dtype=np.uint8)
    buffer = io.BytesIO()
    np.save(buffer, images)
    contents = {"small": network(8), "large": network(64), "images": buffer.getvalue()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    job = {
        "models": {name: hashes[name] for name in ("small", "large")},
        "anchor": "small",
        "stretches": [["small", "large"]],
        "protocol": QUICK,
        "predict": {"model": "large", "images": hashes["images"], "batch": 16},
    }
    agree = False
    with tempfile.TemporaryDirectory() as sent:
        for name, content in contents.items():
            (Path(sent) / name).write_bytes(content)
        for result in run_job(link, job, {sha: Path(sent) / name for name, sha in hashes.items()}, print):
            if isinstance(result, Stretch):
                print(
                    {name: f"{timing.seconds:.2g} s" for name, timing in result.items.items()}, "(emulated)"
                )
            elif isinstance(result, Classes):
                agree = list(result.classes) == classes_here(contents["large"], images)
                print(f"{len(result.classes)} images: the classes {'agree' if agree else 'DIFFER'}")
            else:
                print(result)
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
