"""Published networks to stand beside one's own: the tables that lie in `zoo/tables/`, read as files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

SPACE = "cifar"
SOURCE = "Ozawa et al., tables 2 and 3, figures 6 and 7"


@dataclass(frozen=True)
class Published:
    """A network whose architecture was published, and what its authors say it reaches."""

    name: str
    operations: tuple[str, ...]
    accuracy: float
    energy_j: float

    @property
    def note(self) -> str:
        """ "published: 90.0 %, 3.46 J"."""
        return f"published: {100 * self.accuracy:.1f} %, {self.energy_j:.3g} J"


def published(space: str) -> tuple[Published, ...]:
    """Those of a space, in the paper's order; only `cifar` has some."""
    return _all() if space == SPACE else ()


@cache
def _all() -> tuple[Published, ...]:
    results = {row["model"]: row for row in _rows("ozawa_results.csv")}
    return tuple(
        Published(
            row["model"],
            tuple(row["operations"].split()),
            float(results[row["model"]]["accuracy_pct"]) / 100,
            float(results[row["model"]]["energy_j"]),
        )
        for row in _rows("ozawa_architectures.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("wattnas") / "zoo" / "tables" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
