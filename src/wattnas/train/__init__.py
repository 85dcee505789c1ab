"""Final training and evaluation of a network."""

from wattnas.train.evaluate import count_correct
from wattnas.train.loop import TrainProblem, train

__all__ = ["TrainProblem", "count_correct", "train"]
