"""Accuracy of exported networks on images they were, or were not, made for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from wattnas.analysis.accuracy import DataSource, fingerprint
from wattnas.data import load_data
from wattnas.export import OnnxModel

DIGITS = tuple(str(digit) for digit in range(10))


def always(answer: int, names: tuple[str, ...] | None, classes: int = 10) -> OnnxModel:
    """Names the same class for every image of 8x8 grey pixels."""
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
    ]
    bias = [float(place == answer) for place in range(classes)]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])],
        [
            helper.make_tensor("weight", TensorProto.FLOAT, [64, classes], [0.0] * 64 * classes),
            helper.make_tensor("bias", TensorProto.FLOAT, [classes], bias),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if names is not None:
        model.metadata_props.add(key="classes", value=json.dumps(names))
    return OnnxModel(model.SerializeToString(), "constant")


@pytest.fixture(scope="module")
def digits() -> DataSource:
    return DataSource("digits")


def test_a_constant_answer_is_right_as_often_as_its_class_occurs(digits: DataSource) -> None:
    labels = load_data("digits", lambda c, s: (1, 8)).train.labels
    share = float((labels == 3).float().mean())
    found, remarks = digits.accuracy(always(3, DIGITS))
    assert found is not None and found.value == pytest.approx(share) and found.n == len(labels)
    assert found.low is not None and found.low < share and not remarks
    unnamed, remarks = digits.accuracy(always(3, None))
    assert unnamed is not None and unnamed.value == pytest.approx(share) and "names no classes" in remarks[0]


def test_classes_that_do_not_fit(digits: DataSource) -> None:
    found, remarks = digits.accuracy(always(1, tuple("abcdefghij")))
    assert found is None and "not those of digits" in remarks[0]
    found, remarks = digits.accuracy(always(1, None, classes=3))
    assert found is None and "digits has 10 classes" in remarks[0]


def test_other_images_have_another_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "bolt").mkdir()
    image = tmp_path / "bolt" / "1.png"
    image.write_bytes(b"one")
    before = fingerprint(str(tmp_path))
    assert fingerprint(str(tmp_path)) == before
    image.write_bytes(b"three")
    changed = fingerprint(str(tmp_path))
    (tmp_path / "bolt" / "2.png").write_bytes(b"")
    assert len({before, changed, fingerprint(str(tmp_path)), fingerprint("digits")}) == 4
