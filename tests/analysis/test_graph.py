"""Shapes read from a file, for any number of images."""

from __future__ import annotations

import pytest
from onnx import helper

from tests.analysis.models import onnx_file, small_file
from wattnas.analysis.graph import read_graph
from wattnas.errors import ExportError


def test_shapes_follow_the_batch() -> None:
    graph = read_graph(small_file(), "small", batch=5)
    assert graph.tensors["c"].shape == (5, 4, 8, 8)
    assert graph.tensors["logits"].shape == (5, 2)
    assert (graph.inputs, graph.outputs, graph.unknown) == (("images",), ("logits",), ())
    assert graph.weights == {"w1", "w2"}
    assert graph.tensors["c"].size == 4 * 5 * 4 * 64


def test_large_weights_are_known_by_their_shape() -> None:
    nodes = [helper.make_node("Conv", ["images", "w"], ["logits"])]
    graph = read_graph(onnx_file(nodes, {"w": (64, 3, 8, 8)}), "large")
    assert graph.tensors["logits"].shape == (1, 64, 1, 1)
    assert "w" in graph.weights and graph.inputs == ("images",)


def test_a_shape_that_cannot_be_told_is_named() -> None:
    nodes = [
        helper.make_node("NonZero", ["images"], ["some"]),
        helper.make_node("Cast", ["some"], ["logits"], to=1),
    ]
    assert read_graph(onnx_file(nodes, {}), "data-dependent").unknown == ("logits", "some")


@pytest.mark.parametrize("content", [b"", b"no graph", small_file()[:40]])
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    try:
        graph = read_graph(content, "a file")
    except ExportError as error:
        assert "a file is not a readable ONNX graph" in error.message
    else:
        assert graph.nodes == ()  # protobuf reads nothing as an empty message
