"""All candidates with shared weights: gates, the weighted mixture, the sampled path."""

from wattnas.supernet.gates import (
    contrast,
    entropy,
    expected_cost,
    gumbel_noise,
    mixture_gates,
    sample_path,
    sample_two,
    straight_through,
    two_path_gates,
)
from wattnas.supernet.mixture import MixtureLayer
from wattnas.supernet.network import Supernet
from wattnas.supernet.sampled import SampledLayer

__all__ = [
    "MixtureLayer",
    "SampledLayer",
    "Supernet",
    "contrast",
    "entropy",
    "expected_cost",
    "gumbel_noise",
    "mixture_gates",
    "sample_path",
    "sample_two",
    "straight_through",
    "two_path_gates",
]
