"""Final training and evaluation of a network."""

from wattnas.train.evaluate import count_correct
from wattnas.train.loop import TrainProblem, train
from wattnas.train.recalibrate import recalibrate

__all__ = ["TrainProblem", "count_correct", "recalibrate", "train"]
