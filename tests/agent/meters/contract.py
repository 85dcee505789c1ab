"""What every meter must do. A test class of a meter inherits `MeterContract` and brings a rig."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from wattnas.agent.meters import Meter, Reading
from wattnas.errors import MeterError


def nothing() -> None:
    pass


@dataclass
class Rig:
    """A meter on stand-in hardware.

    Attributes:
        meter: open and at rest.
        joules: what a reading should say, from the hardware's side.
        use: what happens between start and stop.
        break_it: makes the hardware unreadable; None where nothing can break.
    """

    meter: Meter
    joules: Callable[[Reading], float]
    use: Callable[[], None] = nothing
    break_it: Callable[[], None] | None = nothing


class MeterContract:
    """Inherit it as `class TestMyMeter(MeterContract)` with `name` and a fixture `rig`."""

    name = ""

    @pytest.fixture
    def rig(self) -> Rig:
        raise NotImplementedError

    @staticmethod
    def measure(rig: Rig) -> Reading:
        rig.meter.start()
        rig.use()
        return rig.meter.stop()

    def test_it_tells_the_joules_that_were_used(self, rig: Rig) -> None:
        reading = self.measure(rig)
        assert reading.joules == pytest.approx(rig.joules(reading), rel=1e-9)
        assert reading.joules > 0 and math.isfinite(reading.joules)
        assert reading.seconds > 0 and reading.samples >= 1
        assert reading.sigma_j is None or 0 <= reading.sigma_j < math.inf

    def test_it_says_what_it_covers(self, rig: Rig) -> None:
        assert rig.meter.name == self.name
        assert rig.meter.domain and self.measure(rig).domain
        assert not rig.meter.deferred

    def test_it_can_be_started_again_and_forgets_what_was(self, rig: Rig) -> None:
        for _ in range(2):
            reading = self.measure(rig)
            assert reading.joules == pytest.approx(rig.joules(reading), rel=1e-9)

    def test_it_refuses_calls_out_of_order(self, rig: Rig) -> None:
        with pytest.raises(MeterError, match="without being started"):
            rig.meter.stop()
        rig.meter.start()
        with pytest.raises(MeterError, match="running already"):
            rig.meter.start()
        rig.use()
        rig.meter.stop()
        with pytest.raises(MeterError, match="without being started"):
            rig.meter.stop()

    def test_closed_it_refuses_everything(self, rig: Rig) -> None:
        rig.meter.close()
        rig.meter.close()
        with pytest.raises(MeterError, match="closed"):
            rig.meter.start()
        with pytest.raises(MeterError):
            rig.meter.stop()

    def test_it_can_be_closed_while_it_runs(self, rig: Rig) -> None:
        rig.meter.start()
        rig.meter.close()
        with pytest.raises(MeterError):
            rig.meter.stop()

    def test_hardware_that_breaks_is_an_error_and_no_number(self, rig: Rig) -> None:
        if rig.break_it is None:
            return
        rig.meter.start()
        rig.use()
        rig.break_it()
        with pytest.raises(MeterError):
            rig.meter.stop()
        with pytest.raises(MeterError):
            self.measure(rig)
