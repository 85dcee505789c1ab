"""Parameters and multiply-adds of the networks that can be built, counted once and kept as a table."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple


class Counted(NamedTuple):
    """Trainable parameters; multiply-adds of convolutions and linear layers for one image."""

    params: int
    macs: int


@cache
def counts() -> dict[str, Counted]:
    """By name of the entry; a test counts them again."""
    text = (resources.files("wattnas.zoo") / "tables" / "counts.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(text.splitlines())
    return {line["name"]: Counted(int(line["params"]), int(line["macs"])) for line in lines}
