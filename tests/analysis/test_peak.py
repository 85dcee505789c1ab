"""Peak memory of a process of its own."""

from __future__ import annotations

import pytest
from onnx import helper

from tests.analysis.models import onnx_file, small_file
from wattnas.analysis.peak import process_peaks
from wattnas.errors import ExportError


def test_a_process_holds_at_least_weights_and_activations() -> None:
    nodes = [helper.make_node("Conv", ["images", "w"], ["a"]), helper.make_node("Sin", ["a"], ["logits"])]
    content = onnx_file(nodes, {"w": (256, 3, 1, 1)}, image=("batch", 3, 128, 128))
    small = process_peaks(small_file(), "small", (3, 8, 8), [1])
    large = process_peaks(content, "wide", (3, 128, 128), [1, 4])
    assert set(large) == {1, 4}
    one, four = large[1].value, large[4].value
    assert (large[1].unit, large[1].origin) == ("B", "measured")
    assert four - one > 0.8 * 3 * 4 * 256 * 128 * 128  # at least one more feature map per image
    assert one > small[1].value


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(ExportError, match="peak memory of broken failed"):
        process_peaks(b"no network", "broken", (3, 8, 8), [1])
