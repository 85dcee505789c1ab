"""What the explorer picks, and what it hands to the page."""

from __future__ import annotations

import pytest

from tests.report.fake_sweep import GOALS, make_sweep
from wattnas.report.explorer import build_explorer, cheapest
from wattnas.report.sweep_file import Point, SweepFile
from wattnas.units import Quantity


def point(name: str, accuracy: float, energy: float | None, low: float | None = None) -> Point:
    high = None if low is None else 1.0
    reached = Quantity(value=accuracy, unit="1", origin="measured", source="", low=low, high=high)
    joules = None if energy is None else Quantity(value=energy, unit="J", origin="predicted", source="")
    return Point(name=name, accuracy=reached, energy_j=joules, command=f"build {name}")


POINTS = (
    point("small", 0.60, 0.1, 0.58),
    point("middle", 0.75, 0.3, 0.74),
    point("twin", 0.78, 0.3),
    point("large", 0.85, 1.0, 0.84),
    point("unknown", 0.95, None),
)


@pytest.mark.parametrize(
    ("goal", "most", "is_sure", "wanted"),
    [
        (None, None, False, "small"),
        (0.60, None, False, "small"),  # reaching the goal is enough
        (0.60, None, True, "middle"),  # the lower end of "small" does not
        (0.70, None, False, "twin"),  # same cost, more accurate
        (0.80, None, False, "large"),
        (0.80, 0.9, False, None),
        (0.90, None, False, None),  # the only one has no energy
        (None, 0.1, False, "small"),
        (None, 0.09, False, None),
    ],
)
def test_the_cheapest_that_meets_it(
    goal: float | None, most: float | None, is_sure: bool, wanted: str | None
) -> None:
    found = cheapest(POINTS, "energy_j", goal, {"energy_j": most}, is_sure=is_sure)
    assert (found.name if found else None) == wanted


def test_sliders_stop_at_every_value() -> None:
    sweep = make_sweep(12)
    goal, latency, energy = build_explorer(sweep).bounds
    assert [bound.key for bound in (goal, latency, energy)] == ["accuracy", "latency_s", "energy_j"]
    joules = sorted({p.energy_j.value for p in sweep.points if p.energy_j})
    assert [value for value, _ in energy.stops] == [*joules, None] and energy.stops[-1][1] == "any"
    goals = [value for value, _ in goal.stops]
    assert goals[0] is None and set(GOALS.values()) <= set(goals)
    assert goals[1:] == sorted(value for value in goals if value is not None)
    met = [p.goal for p in sweep.points if p.met and p.goal]
    assert goals[goal.start] == max(met)


def test_costs_that_nobody_knows_have_no_slider() -> None:
    explorer = build_explorer(SweepFile(title="", device="", points=POINTS))
    assert [bound.key for bound in explorer.bounds] == ["accuracy", "energy_j"]
    assert explorer.costs == ("energy_j",)


def test_the_page_gets_the_numbers_of_the_file() -> None:
    sweep = make_sweep(5)
    found = build_explorer(sweep).to_json()
    assert len(found["networks"]) == 5 + len(sweep.references)
    for entry, network in zip(found["networks"], (*sweep.points, *sweep.references), strict=True):
        assert entry["numbers"]["accuracy"]["value"] == network.accuracy.value
        assert network.energy_j is not None
        assert entry["numbers"]["energy_j"]["value"] == network.energy_j.value
        assert entry["numbers"]["energy_j"]["origin"] == network.energy_j.origin
    assert found["layerCosts"][0]["k3_e1"] == ["1.732 ms", "measured", "674.5 mJ", "measured"]
    assert found["layers"][1]["notes"]["skip"] == "1 × 1 convolution, stride 2"
    assert "command" in found["networks"][0] and "command" not in found["networks"][-1]
