from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.export.models import pixels_file
from wattnas.blocks import Network
from wattnas.errors import DataError, ExportError
from wattnas.export import OnnxModel, evaluate_onnx, wilson
from wattnas.export.accuracy import accuracy_of
from wattnas.export.parity import torch_logits

# One bright pixel per image: the answer is its position.
IMAGES = (torch.eye(3, dtype=torch.uint8) * 255).view(3, 1, 1, 3)[[0, 1, 2, 0, 1]]


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(correct: int, n: int, low: float, high: float) -> None:
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_at_the_ends_has_a_closed_form() -> None:
    z2 = 1.959963985**2
    low, high = wilson(0, 50)
    assert low == 0 and high == pytest.approx(z2 / (50 + z2))
    low, high = wilson(50, 50)
    assert low == pytest.approx(50 / (50 + z2)) and high == 1


def _bisect(share: float, n: int, z: float, low: float, high: float) -> float:
    """The p0 between two ends of which one is rejected at `z` and the other is not."""

    def accepted(p0: float) -> bool:
        return abs(share - p0) <= z * math.sqrt(p0 * (1 - p0) / n)

    inside = accepted(low)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if accepted(middle) == inside else (low, middle)
    return low


@given(st.integers(1, 20_000), st.floats(0.05, 0.95), st.floats(0.1, 4.0))
def test_wilson_inverts_the_score_test(n: int, part: float, z: float) -> None:
    correct = round(part * n)
    share = correct / n
    low, high = wilson(correct, n, z)
    assert 0 <= low <= share <= high <= 1
    if 0 < correct < n:
        assert low == pytest.approx(_bisect(share, n, z, 0.0, share), abs=1e-6)
        assert high == pytest.approx(_bisect(share, n, z, share, 1.0), abs=1e-6)


@pytest.mark.parametrize(("correct", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_of_what_is_no_share(correct: int, n: int) -> None:
    with pytest.raises(DataError, match="not a share"):
        wilson(correct, n)


def test_accuracy_counted_by_hand() -> None:
    # Answers 0 1 2 0 1 against 0 1 1 0 0: three right.
    found = evaluate_onnx(OnnxModel(pixels_file(), "it"), IMAGES, torch.tensor([0, 1, 1, 0, 0]), batch=2)
    assert (found.correct, found.n, found.accuracy) == (3, 5, 0.6)
    assert (found.low, found.high) == wilson(3, 5)
    assert found.per_class == {"class 0": pytest.approx(2 / 3), "class 1": 0.5, "class 2": None}


def test_accuracy_of_answers_that_came_from_elsewhere() -> None:
    """Answers 2 0 0 1 2 1 against 2 0 1 1 0 1: four right, of class b two of three."""
    said, labels = np.array([2, 0, 0, 1, 2, 1]), torch.tensor([2, 0, 1, 1, 0, 1])
    found = accuracy_of(said, labels, ["a", "b", "c", "d"])
    assert (found.correct, found.n) == (4, 6)
    assert found.accuracy == pytest.approx(2 / 3)
    assert (found.low, found.high) == wilson(4, 6)
    assert found.per_class == {"a": 0.5, "b": pytest.approx(2 / 3), "c": 1.0, "d": None}


@pytest.mark.parametrize(
    ("said", "labels", "reason"),
    [
        ([0, 1], torch.tensor([0, 1, 1]), "2 images need 2 whole-number labels"),
        ([0, 1], torch.tensor([0.0, 1.0]), "whole-number labels"),
        ([0, 1], torch.tensor([0, 3]), "from 0 to 3, the network knows 3 classes"),
        ([], torch.zeros(0, dtype=torch.int64), "0 of 0 images"),
    ],
)
def test_answers_and_labels_that_do_not_fit(said: list[int], labels: Tensor, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        accuracy_of(np.array(said, dtype=np.int64), labels, ["a", "b", "c"])


def test_accuracy_of_real_images_is_that_of_torch(
    network: Network, model: OnnxModel, digits: tuple[Tensor, Tensor]
) -> None:
    images, labels = digits
    right = torch.from_numpy(torch_logits(network, images)).argmax(dim=1) == labels
    found = evaluate_onnx(model, images, labels)
    assert (found.n, found.correct) == (200, int(right.sum()))
    assert found.per_class["7"] == pytest.approx(float(right[labels == 7].float().mean()))


@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([0, 1, 2]),
        torch.tensor([0.0, 1, 2, 0, 1]),
        torch.tensor([[0, 1, 2, 0, 1]]),
        torch.tensor([0, 1, 3, 0, 1]),
        torch.tensor([0, 1, -1, 0, 1]),
    ],
)
def test_labels_that_do_not_fit(labels: Tensor) -> None:
    with pytest.raises(DataError):
        evaluate_onnx(OnnxModel(pixels_file(), "it"), IMAGES, labels)


def test_no_images() -> None:
    with pytest.raises(ExportError, match="no images"):
        evaluate_onnx(OnnxModel(pixels_file(), "it"), IMAGES[:0], torch.zeros(0, dtype=torch.int64))


def test_file_that_names_other_classes_than_it_has() -> None:
    model = OnnxModel(pixels_file(metadata={"classes": '["a", "b"]'}), "it")
    with pytest.raises(ExportError, match="names 2 classes"):
        evaluate_onnx(model, IMAGES, torch.zeros(5, dtype=torch.int64))
