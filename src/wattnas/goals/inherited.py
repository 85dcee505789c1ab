"""Accuracy of an architecture with the supernet's weights: what ranks architectures before any is trained."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from wattnas.data import ImageSet, to_float
from wattnas.supernet import Supernet

STATISTICS_IMAGES = 512


class Inherited:
    """Measures inherited accuracies with one supernet.

    BatchNorm statistics are taken anew for each architecture, over `STATISTICS_IMAGES` training images that
    are not augmented: those of the supernet are means over many architectures (Guo et al., Single Path
    One-Shot, section 3.4; Yu and Huang, Universally Slimmable Networks, section 3.3).

    Args:
        net: the trained supernet; its running statistics are overwritten.
        training: images for the statistics.
        held_out: images that no weight learned from, for the accuracy.
    """

    def __init__(self, net: Supernet, training: ImageSet, held_out: ImageSet, batch: int = 256) -> None:
        self._net, self._batch, self.images = net, batch, len(held_out)
        device = next(net.parameters()).device
        self._training = to_float(training.images[:STATISTICS_IMAGES].to(device))
        self._held_out = held_out.to(device)
        for module in net.modules():
            if isinstance(module, _BatchNorm):
                module.momentum = 1.0  # the statistics of one batch, whole

    def correct(self, path: Tensor) -> int:
        """Held-out images that the architecture `path` (layers,) classifies right."""
        right = 0
        with torch.no_grad():
            self._net.train()
            self._net.forward_path(self._training, path)
            self._net.eval()
            for start in range(0, self.images, self._batch):
                part = slice(start, start + self._batch)
                logits = self._net.forward_path(to_float(self._held_out.images[part]), path)
                right += int((logits.argmax(dim=1) == self._held_out.labels[part]).sum())
        return right


def logit(correct: int, n: int) -> float:
    """Log-odds of an accuracy, in nats, half an image away from 0 and 1 (Haldane and Anscombe)."""
    return math.log((correct + 0.5) / (n - correct + 0.5))


def logit_variance(correct: int, n: int) -> float:
    """Variance of `logit` by the number of images alone (Gart and Zweifel, 1967)."""
    return 1.0 / (correct + 0.5) + 1.0 / (n - correct + 0.5)
