"""With one process these are torch's layers. (`tests/search/test_processes.py` runs them in two.)"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from wattnas.blocks.across import BatchNorm2d, Dropout, batch_norm, processes


def test_alone_batch_norm_is_torchs() -> None:
    assert processes() == 1
    ours, torchs = BatchNorm2d(5), nn.BatchNorm2d(5)
    for _ in range(3):
        x = torch.randn(4, 5, 3, 3)
        assert torch.equal(ours(x), torchs(x))
    assert all(torch.equal(a, b) for a, b in zip(ours.buffers(), torchs.buffers(), strict=True))
    assert ours.state_dict().keys() == torchs.state_dict().keys()


def test_alone_the_function_is_torchs() -> None:
    x, weight, bias = torch.randn(4, 5, 3, 3), torch.rand(5), torch.rand(5)
    mean, var = torch.rand(5), torch.rand(5)
    other_mean, other_var = mean.clone(), var.clone()
    found = batch_norm(x, mean, var, weight, bias, 0.1, 1e-5)
    assert torch.equal(found, F.batch_norm(x, other_mean, other_var, weight, bias, True, 0.1, 1e-5))
    assert torch.equal(mean, other_mean) and torch.equal(var, other_var)


def test_alone_dropout_is_torchs() -> None:
    x = torch.rand(4, 5)
    torch.manual_seed(0)
    found = Dropout(0.4)(x)
    torch.manual_seed(0)
    assert torch.equal(found, nn.Dropout(0.4)(x))
    assert Dropout(0.4).eval()(x) is x
