"""Reference networks: every network of Ozawa et al. and of Canziani et al., and others found by a search."""

from wattnas.zoo.catalogue import ENTRIES, find, get, group, suggestion
from wattnas.zoo.counts import Counted, counts
from wattnas.zoo.entry import CIFAR, IMAGENET, MACS_TOLERANCE, Entry, Figure, Shape
from wattnas.zoo.library import EXTERNAL, external
from wattnas.zoo.normalised import Normalised
from wattnas.zoo.published import (
    IMAGES,
    SOURCE,
    TABLES,
    PublishedRow,
    published_architecture,
    published_operations,
    published_rows,
    table_rows,
)

__all__ = [
    "CIFAR",
    "ENTRIES",
    "EXTERNAL",
    "IMAGENET",
    "IMAGES",
    "MACS_TOLERANCE",
    "SOURCE",
    "TABLES",
    "Counted",
    "Entry",
    "Figure",
    "Normalised",
    "PublishedRow",
    "Shape",
    "counts",
    "external",
    "find",
    "get",
    "group",
    "published_architecture",
    "published_operations",
    "published_rows",
    "suggestion",
    "table_rows",
]
