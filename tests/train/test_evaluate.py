from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.train.problems import network, quadrants
from wattnas.train import count_correct


def naive(model: nn.Module, images: Tensor, labels: Tensor) -> int:
    """One image at a time, the largest logit by hand."""
    model.eval()
    right = 0
    for image, label in zip(images, labels.tolist(), strict=True):
        logits = model(image.unsqueeze(0).float() / 255)[0].tolist()
        right += logits.index(max(logits)) == label
    return right


@pytest.mark.parametrize("batch", [1, 7, 256])
def test_it_counts_what_a_loop_counts(batch: int) -> None:
    model, images = network(dropout=0.5), quadrants(50)
    expected = naive(model, images.images, images.labels)
    assert 0 < expected < 50
    assert count_correct(model, images, batch) == expected


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_restored_and_nothing_learned(training: bool) -> None:
    model = network()
    model.train(training)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    count_correct(model, quadrants(9))
    assert all(module.training == training for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
