"""Torch modules of the candidates, and the one way from an architecture to a network."""

from wattnas.blocks.across import batch_norm
from wattnas.blocks.build import Network, build
from wattnas.blocks.conv import depthwise_conv
from wattnas.blocks.modules import Block, ConvNorm, make_candidate, make_head, make_stem

__all__ = [
    "Block",
    "ConvNorm",
    "Network",
    "batch_norm",
    "build",
    "depthwise_conv",
    "make_candidate",
    "make_head",
    "make_stem",
]
