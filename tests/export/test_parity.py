from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.export.models import Pixels, pixels_file, tiny_network
from wattnas.blocks import Network
from wattnas.errors import ExportError
from wattnas.export import OnnxModel, check_parity
from wattnas.export.parity import compare

IMAGES = torch.tensor([[0, 0, 255], [255, 102, 0]], dtype=torch.uint8).view(2, 1, 1, 3)


def test_export_agrees_on_real_images(
    network: Network, model: OnnxModel, digits: tuple[Tensor, Tensor]
) -> None:
    parity = check_parity(network, model, digits[0], batch=64)
    assert parity.n == 200
    assert parity.max_rel < 1e-5  # float32 rounding, a hundred times below what is allowed
    assert parity.disagreements == 0


def test_another_network_is_noticed(model: OnnxModel, digits: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(ExportError, match="differs from the network"):
        check_parity(tiny_network(seed=1), model, digits[0])


def test_network_in_training_is_compared_as_deployed_and_left_in_training(
    model: OnnxModel, digits: tuple[Tensor, Tensor]
) -> None:
    network = tiny_network().train()
    network.stem.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    check_parity(network, model, digits[0][:20])
    assert network.training and network.head.training and not network.stem.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_figures_by_hand() -> None:
    trained = np.array([[3.0, -1.0], [0.0, 1.0]])
    exported = np.array([[3.0, -1.01], [0.002, 1.0]])
    parity = compare(trained, exported, 1e-2)
    scale = math.sqrt((9 + 1 + 0 + 1) / 4)
    assert parity.max_abs == pytest.approx(0.01)
    assert parity.scale == pytest.approx(scale)
    assert parity.max_rel == pytest.approx(0.01 / scale)
    assert (parity.n, parity.disagreements, parity.ties, parity.passed) == (2, 0, 0, True)


def test_ties_are_told_from_disagreements() -> None:
    trained = np.array([[1.0, 1.0005], [1.0, 1.5], [1.0, 0.0]])
    exported = np.array([[1.0006, 1.0], [1.6, 1.5], [1.0, 0.0]])
    parity = compare(trained, exported, 1e-3)
    assert (parity.ties, parity.disagreements) == (1, 1)
    assert not parity.passed


def test_difference_above_the_tolerance_fails_though_the_answers_agree() -> None:
    trained = np.array([[1.0, 0.0]])
    assert not compare(trained, trained + np.array([[0.01, 0.0]]), 1e-3).passed


def test_all_zero_logits() -> None:
    zeros = np.zeros((2, 3))
    assert compare(zeros, zeros, 1e-3).max_rel == 0
    assert compare(zeros, zeros + 0.5, 1e-3).max_rel == 0.5


def test_hand_made_file_passes_and_a_changed_weight_does_not() -> None:
    model = OnnxModel(pixels_file(), "it")
    assert check_parity(Pixels(), model, IMAGES).max_abs == 0
    with pytest.raises(ExportError, match=r"0\.05"):
        check_parity(Pixels((1.0, 1.0, 1.05)), model, IMAGES)


def test_network_of_other_classes_or_without_finite_logits() -> None:
    model = OnnxModel(pixels_file(), "it")
    with pytest.raises(ExportError, match="logits"):
        check_parity(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)), model, IMAGES)
    with pytest.raises(ExportError, match="not finite"):
        check_parity(Pixels((1.0, math.nan, 1.0)), model, IMAGES)
