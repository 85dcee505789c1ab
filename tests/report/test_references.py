"""Published networks against the paper."""

from __future__ import annotations

from wattnas.report.references import published


def test_figures_6_and_7_and_their_rows_of_the_tables() -> None:
    found = {entry.name: entry for entry in published("cifar")}
    assert list(found) == ["S1-L100", "S1-L80", "S1-L65", "S1-L50", "S1-L35", "S2-Normal"]
    assert {len(entry.operations) for entry in found.values()} == {22}
    smallest = found["S1-L35"]
    assert (smallest.accuracy, smallest.energy_j) == (0.70, 0.450)
    assert [name for name in smallest.operations if name != "skip"] == ["k5_e1"]
    assert found["S1-L100"].note == "published: 90.0 %, 3.46 J"


def test_other_spaces_have_none() -> None:
    assert published("tiny") == ()
