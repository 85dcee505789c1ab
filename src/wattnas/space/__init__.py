"""What can be searched: candidates, macro layout, architectures, the named spaces. No torch here."""

from wattnas.space.architecture import Architecture
from wattnas.space.candidate import Candidate
from wattnas.space.count import Count, count_layout
from wattnas.space.layout import Layer, Layout
from wattnas.space.load import load_space, named_spaces
from wattnas.space.spec import Head, Input, Space, Stage, Stem

__all__ = [
    "Architecture",
    "Candidate",
    "Count",
    "Head",
    "Input",
    "Layer",
    "Layout",
    "Space",
    "Stage",
    "Stem",
    "count_layout",
    "load_space",
    "named_spaces",
]
