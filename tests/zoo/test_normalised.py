"""A network that normalises its own input."""

from __future__ import annotations

import torch
from torch import nn

from wattnas.zoo import Normalised


def test_normalisation_comes_before_the_network() -> None:
    network = Normalised(nn.Flatten(), torch.tensor([0.5, 0.25]), torch.tensor([0.1, 0.5]))
    out = network(torch.tensor([0.6, 0.75]).view(1, 2, 1, 1))
    torch.testing.assert_close(out, torch.tensor([[1.0, 1.0]]))
    assert set(network.state_dict()) == {"mean", "std"}
