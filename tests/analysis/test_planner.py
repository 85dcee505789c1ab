"""Peaks of activations worked out by hand, in floats of four bytes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from onnx import NodeProto, helper

from tests.analysis.models import onnx_file, small_file
from wattnas.analysis.graph import read_graph
from wattnas.analysis.planner import activation_peak

IMAGE = 3 * 64


def conv(source: str, target: str, weight: str) -> NodeProto:
    return helper.make_node("Conv", [source, weight], [target])


def peak(nodes: list[NodeProto], weights: Mapping[str, tuple[int, ...]]) -> float:
    return activation_peak(read_graph(onnx_file(nodes, weights), "by hand")) / 4


def test_an_activation_writes_over_what_dies() -> None:
    assert activation_peak(read_graph(small_file(), "small")) == 4 * (IMAGE + 256)


def test_the_peak_grows_with_the_batch() -> None:
    assert activation_peak(read_graph(small_file(), "small", 7)) == 7 * 4 * (IMAGE + 256)


WIDE = {"wide": (10, 3, 1, 1), "narrow": (3, 10, 1, 1)}


def test_a_skipped_input_stays_until_it_is_added() -> None:
    nodes = [
        conv("images", "a", "wide"),
        conv("a", "b", "narrow"),
        helper.make_node("Add", ["b", "images"], ["logits"]),
    ]
    assert peak(nodes, WIDE) == IMAGE + 640 + IMAGE


def test_without_a_skip_the_input_goes() -> None:
    nodes = [conv("images", "a", "wide"), conv("a", "logits", "narrow")]
    assert peak(nodes, WIDE) == IMAGE + 640


def test_an_activation_whose_input_lives_on_needs_room() -> None:
    nodes = [
        helper.make_node("Relu", ["images"], ["a"]),
        helper.make_node("Concat", ["a", "images"], ["logits"], axis=1),
    ]
    assert peak(nodes, {}) == IMAGE + IMAGE + 2 * IMAGE


@pytest.mark.parametrize("view", ["Flatten", "Identity"])
def test_a_view_keeps_what_it_shows(view: str) -> None:
    nodes = [
        conv("images", "a", "wide"),
        helper.make_node(view, ["a"], ["b"]),
        helper.make_node("Sin", ["b"], ["c"]),  # not in place: its input is alive beside it
        helper.make_node("Cos", ["c"], ["logits"]),
    ]
    assert peak(nodes, WIDE) == 640 + 640
