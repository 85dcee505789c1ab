"""Families stay apart, by mark and by colour."""

from __future__ import annotations

from itertools import combinations

from wattnas.analysis.colours import LOOKS, look
from wattnas.zoo import ENTRIES


def test_every_family_of_the_zoo_has_a_look_of_its_own() -> None:
    assert {entry.family for entry in ENTRIES} <= LOOKS.keys()
    assert all(a.colour != b.colour and a.marker != b.marker for a, b in combinations(LOOKS.values(), 2))
    assert look("a family of tomorrow") not in LOOKS.values()
