"""BatchNorm statistics after recalibration are those of the images."""

from __future__ import annotations

import torch
from torch import nn

from tests.train.problems import network, quadrants
from wattnas.data import to_float
from wattnas.train import recalibrate


def test_the_first_statistics_are_those_of_all_images() -> None:
    trained, images = network().eval(), quadrants(60)
    norm = trained.stem[1]  # type: ignore[index]
    assert isinstance(norm, nn.BatchNorm2d)
    norm.running_mean.fill_(7.0)  # type: ignore[union-attr]
    recalibrate(trained, images, batch=20)
    out = trained.stem[0]((to_float(images.images) - trained.mean) / trained.std)  # type: ignore[index]
    torch.testing.assert_close(norm.running_mean, out.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    # Means of three batches of equal size; each batch's variance is the unbiased one.
    expected = torch.stack([part.var((0, 2, 3)) for part in out.split(20)]).mean(0)
    torch.testing.assert_close(norm.running_var, expected, rtol=1e-4, atol=1e-5)


def test_weights_mode_and_momentum_stay() -> None:
    trained = network().train()
    before = [parameter.clone() for parameter in trained.parameters()]
    recalibrate(trained, quadrants(20))
    assert trained.training
    assert all(torch.equal(a, b) for a, b in zip(trained.parameters(), before, strict=True))
    assert {m.momentum for m in trained.modules() if isinstance(m, nn.BatchNorm2d)} == {0.1}
