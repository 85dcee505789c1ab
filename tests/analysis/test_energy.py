"""Energy from a meter, and without one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.agent.board import Board, BoardMeter
from tests.analysis.models import quantity
from wattnas.agent.energy import measure_energy
from wattnas.analysis.energy import Consumption, measured, modelled
from wattnas.errors import MeterError
from wattnas.units import Quantity


def on(board: Board) -> Consumption:
    measure = partial(
        measure_energy,
        clock=board.clock,
        sleep=board.sleep,
        throttled=lambda: None,
        root=Path("nowhere"),
    )
    return measured(board.run, BoardMeter(board), measure=measure)


def test_a_meter_gives_gross_energy_per_call_and_power() -> None:
    energy, power = on(Board(idle_w=2.0, busy_w=5.0, run_s=0.25))
    assert energy.value == pytest.approx(1.25) and power.value == pytest.approx(5.0)
    assert (energy.origin, energy.unit, power.unit, energy.n) == ("measured", "J", "W", 5)
    assert energy.low is not None and energy.high is not None and energy.low < 1.25 < energy.high
    assert "board: all of the board; gross" in energy.source


def test_a_reading_that_does_not_count_is_no_number() -> None:
    with pytest.raises(MeterError, match="under load"):
        on(Board(idle_w=3.0, busy_w=3.0))


def test_without_a_meter_it_is_modelled_and_says_so() -> None:
    latency = Quantity(value=0.2, unit="s", origin="measured", low=0.1, high=0.3, n=9, source="here")
    energy, power = modelled(latency, watts=4.0)
    assert (energy.value, energy.low, energy.high) == pytest.approx((0.8, 0.4, 1.2))
    assert energy.origin == power.origin == "modelled" and "4 W assumed" in energy.source
    assert modelled(quantity(0.2, "s"), 4.0).energy.low is None
