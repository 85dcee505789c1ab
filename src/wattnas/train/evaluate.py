"""How many images a torch network classifies right."""

from __future__ import annotations

import torch
from torch import nn

from wattnas.data import ImageSet, to_float


def count_correct(network: nn.Module, images: ImageSet, batch: int = 256) -> int:
    """Images of the set whose largest logit is their label's, in eval mode; the mode before is restored."""
    was_training = network.training
    network.eval()
    correct = 0
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            part = slice(start, start + batch)
            logits = network(to_float(images.images[part].to(device)))
            correct += int((logits.argmax(dim=1).cpu() == images.labels[part]).sum())
    network.train(was_training)
    return correct
