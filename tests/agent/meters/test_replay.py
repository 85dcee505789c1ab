from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock
from wattnas.agent.meters.log import parse_log
from wattnas.agent.meters.replay import ReplayMeter, open_replay
from wattnas.errors import MeterError

STEPS = "time_s,power_w\n10,2\n11,2\n11,6\n12,6\n"


class TestReplay(MeterContract):
    name = "replay"

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        (tmp_path / "log.csv").write_text("time_s,power_w\n0,5\n1,5\n", encoding="utf-8")
        meter = open_replay(tmp_path / "log.csv")
        return Rig(meter, lambda reading: 5.0 * reading.seconds, break_it=None)


def test_the_log_is_played_over_and_over() -> None:
    clock = FakeClock()
    meter = ReplayMeter(parse_log(STEPS), clock)
    told = []
    for seconds in (0.5, 1.0, 1.0, 4.0):  # 1 J; 1 + 3; 3 + 1; two turns of 8
        meter.start()
        clock.sleep(seconds)
        told.append(meter.stop().joules)
    assert told == pytest.approx([1.0, 4.0, 4.0, 16.0])


def test_it_says_that_nothing_was_measured() -> None:
    clock = FakeClock()
    meter = ReplayMeter(parse_log(STEPS), clock)
    meter.start()
    clock.sleep(1.0)
    assert "nothing was measured" in meter.stop().notes[0]


def test_a_log_with_a_gap_is_not_played() -> None:
    with pytest.raises(MeterError, match="no sample"):
        ReplayMeter(parse_log("time_s,power_w\n0,5\n1,5\n2,5\n9,5\n"))


def test_a_file_that_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("nothing", encoding="utf-8")
    with pytest.raises(MeterError, match="no header"):
        open_replay(tmp_path / "log.csv")
