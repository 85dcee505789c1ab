"""Final training and evaluation of a network."""

from wattnas.train.evaluate import count_correct
from wattnas.train.fresh import fresh_network
from wattnas.train.loop import TrainProblem, train
from wattnas.train.recalibrate import recalibrate

__all__ = ["TrainProblem", "count_correct", "fresh_network", "recalibrate", "train"]
