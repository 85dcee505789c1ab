"""Images: sources, disjoint splits, augmentation on whole batches."""

from wattnas.data.augment import epoch_order, random_crop, random_flip, to_float
from wattnas.data.batches import Batches, steps_per_epoch
from wattnas.data.load import load_data
from wattnas.data.split import SplitReport, Splits, make_splits
from wattnas.data.twins import count_in
from wattnas.data.types import Dataset, ImageSet

__all__ = [
    "Batches",
    "Dataset",
    "ImageSet",
    "SplitReport",
    "Splits",
    "count_in",
    "epoch_order",
    "load_data",
    "make_splits",
    "random_crop",
    "random_flip",
    "steps_per_epoch",
    "to_float",
]
