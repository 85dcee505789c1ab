"""Torch modules of the candidates, and the one way from an architecture to a network."""

from wattnas.blocks.build import Network, build
from wattnas.blocks.modules import Block, ConvNorm, make_candidate, make_head, make_stem

__all__ = ["Block", "ConvNorm", "Network", "build", "make_candidate", "make_head", "make_stem"]
