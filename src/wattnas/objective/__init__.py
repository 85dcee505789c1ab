"""What a search minimises: one file per loss behind one small contract."""

from wattnas.objective.base import Loss, Objective, Terms, check_finite
from wattnas.objective.ccel import CCEL
from wattnas.objective.fbnet import FBNet
from wattnas.objective.hanna import HANNA
from wattnas.objective.make import known_methods, make_objective
from wattnas.objective.s1 import S1
from wattnas.objective.s2 import S2

__all__ = [
    "CCEL",
    "HANNA",
    "S1",
    "S2",
    "FBNet",
    "Loss",
    "Objective",
    "Terms",
    "check_finite",
    "known_methods",
    "make_objective",
]
