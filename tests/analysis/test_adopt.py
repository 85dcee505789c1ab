"""Files from elsewhere brought to the form that we run, and what is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.analysis.models import onnx_file, small_file
from wattnas.analysis.adopt import adopt
from wattnas.errors import ExportError
from wattnas.export import OnnxModel


def logits(content: bytes, n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    image = np.random.default_rng(0).random((n, 3, 8, 8), dtype=np.float32)
    return OnnxModel(adopt(content, "a file"), "a file").runner(image)()


def test_our_own_form_stays() -> None:
    assert adopt(small_file(), "small") == small_file()


@pytest.mark.parametrize(
    ("source", "target", "batch"),
    [("x", "y", "N"), ("x", "y", 1), ("logits", "images", "N"), ("images", "logits", 1), ("c", "y", "N")],
)
def test_other_names_and_a_fixed_batch(source: str, target: str, batch: str | int) -> None:
    if source == "c":  # a name that a node inside has
        nodes = [
            helper.make_node("Conv", ["data", "w1"], ["images"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["images"], ["r"]),
            helper.make_node("GlobalAveragePool", ["r"], ["p"]),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("Gemm", ["f", "w2"], ["y"], transB=1),
        ]
        content = onnx_file(nodes, {"w1": (4, 3, 3, 3), "w2": (2, 4)}, source="data", target="y")
    else:
        content = small_file(source=source, target=target, image=(batch, 3, 8, 8))
    np.testing.assert_allclose(logits(content, 3), logits(small_file(), 3), rtol=1e-6)


@pytest.mark.parametrize("content", [b"", b"GIF89a", small_file()[: len(small_file()) // 2]])
def test_a_damaged_file(content: bytes) -> None:
    with pytest.raises(ExportError, match="broken"):
        adopt(content, "broken")


def test_what_takes_no_images() -> None:
    nodes = [helper.make_node("Relu", ["images"], ["logits"])]
    with pytest.raises(ExportError, match=r"takes images .*, not one batch of images"):
        adopt(onnx_file(nodes, {}, image=("batch", 77)), "text")
    with pytest.raises(ExportError, match="not one batch of images"):
        adopt(onnx_file(nodes, {}, image=("batch", 8, 8, 3)), "channels last")
    assert onnx.load_from_string(onnx_file(nodes, {})).graph.node[0].op_type == "Relu"
