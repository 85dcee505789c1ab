"""Counts against those made by hand, and against those that shapes give."""

from __future__ import annotations

import torch
from onnx import helper

from tests.analysis.models import onnx_file, small_file
from wattnas.analysis.count import count_graph
from wattnas.analysis.graph import read_graph
from wattnas.blocks import build
from wattnas.export import onnx_bytes
from wattnas.space import Architecture, Layout, count_layout, load_space


def test_by_hand() -> None:
    counts = count_graph(read_graph(small_file(), "small"))
    assert counts.macs == 64 * 4 * 27 + 2 * 4
    assert counts.weights == 4 * 27 + 2 * 4
    assert counts.counted == {"Conv": 1, "Gemm": 1}
    assert counts.not_counted == {"Relu": 256, "GlobalAveragePool": 4}
    floats = (192 + 108 + 256) + (256 + 256) + (256 + 4) + (4 + 8 + 2)  # flatten moves nothing
    assert counts.bytes_moved == 4 * floats
    assert counts.unknown == ()


def test_every_image_of_a_batch_counts() -> None:
    one, five = (count_graph(read_graph(small_file(), "small", batch)).macs for batch in (1, 5))
    assert five == 5 * one


def test_groups_transposed_convolutions_and_products() -> None:
    nodes = [
        helper.make_node("Conv", ["images", "grouped"], ["a"], group=3),  # 3 -> 6 channels, 1x1
        helper.make_node("ConvTranspose", ["a", "up"], ["b"], strides=[2, 2]),  # 6 -> 4, 2x2, 8 -> 16 pixels
        helper.make_node("MatMul", ["b", "right"], ["logits"]),  # (4, 16, 16) x (16, 5)
    ]
    content = onnx_file(nodes, {"grouped": (6, 1, 1, 1), "up": (6, 4, 2, 2), "right": (16, 5)})
    assert count_graph(read_graph(content, "mixed")).macs == 6 * 64 + 6 * 64 * 16 + 4 * 16 * 5 * 16


def test_a_node_of_unknown_shape_is_reported() -> None:
    nodes = [
        helper.make_node("NonZero", ["images"], ["some"]),
        helper.make_node("Cast", ["some"], ["logits"], to=1),
    ]
    counts = count_graph(read_graph(onnx_file(nodes, {}), "data-dependent"))
    assert counts.unknown == ("NonZero", "Cast") and counts.macs == 0


def test_an_exported_network_counts_what_its_shapes_say() -> None:
    space = load_space("tiny")
    layout = Layout.resolve(space, 10, 1, 8)
    architecture = Architecture.parse("k3_e3 k3_e1_g2 k5_e1 skip skip k5_e3", space)
    content = onnx_bytes(build(architecture, layout), torch.zeros(1, 1, 8, 8))
    assert count_graph(read_graph(content, "tiny")).macs == count_layout(layout, architecture).macs
