"""BatchNorm statistics for weights that were learned with others, or with other neighbours."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from wattnas.data import ImageSet, to_float

IMAGES = 4096


def recalibrate(network: nn.Module, images: ImageSet, batch: int = 256) -> None:
    """Replace all running statistics by means over the first `IMAGES` images, not augmented.

    Inherited weights come with the statistics of many architectures (Guo et al., *Single Path One-Shot*,
    section 3.4; Yu and Huang, *Universally Slimmable Networks*, section 3.3). The network's mode is restored.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta, was_training = [norm.momentum for norm in norms], network.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch: the plain mean over all batches
    network.train()
    with torch.no_grad():
        for part in torch.split(images.images[:IMAGES], batch):
            network(to_float(part.to(next(network.parameters()).device)))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.train(was_training)
