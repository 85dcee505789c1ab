"""Method `goal`: the network that just meets a goal, from one supernet for many goals and devices."""

from wattnas.goals.advice import Advice, Adviser, Neighbour, Relaxation
from wattnas.goals.loop import ClosedLoop
from wattnas.goals.paths import architecture_of, path_of
from wattnas.goals.problem import Selection, SelectionProblem
from wattnas.goals.records import Predicted, TrainedRecord
from wattnas.goals.select import SELECTORS, enumerate_all, select
from wattnas.goals.subject import Subject
from wattnas.goals.wish import Outcome, Round, Wish
from wattnas.goals.workshop import TRAINED_FILE, WEIGHTS_FILE, Workshop

__all__ = [
    "SELECTORS",
    "TRAINED_FILE",
    "WEIGHTS_FILE",
    "Advice",
    "Adviser",
    "ClosedLoop",
    "Neighbour",
    "Outcome",
    "Predicted",
    "Relaxation",
    "Round",
    "Selection",
    "SelectionProblem",
    "Subject",
    "TrainedRecord",
    "Wish",
    "Workshop",
    "architecture_of",
    "enumerate_all",
    "path_of",
    "select",
]
