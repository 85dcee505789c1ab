from __future__ import annotations

import math
import threading

import pytest

from wattnas.agent.meters.base import Reading, Ticker, checked
from wattnas.errors import MeterError

GOOD = Reading(5.0, 0.1, 2.0, 3, "all of it")


def test_a_good_reading_passes() -> None:
    assert checked(GOOD, "m") is GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"joules": 0.0},
        {"joules": -1.0},
        {"joules": math.nan},
        {"joules": math.inf},
        {"seconds": 0.0},
        {"seconds": math.nan},
        {"sigma_j": math.inf},
        {"samples": 0},
    ],
)
def test_what_no_meter_may_answer_is_an_error(change: dict[str, float]) -> None:
    with pytest.raises(MeterError, match="meter m"):
        checked(GOOD._replace(**change), "m")  # type: ignore[arg-type]


def test_a_ticker_ticks_until_it_is_stopped() -> None:
    ticked = threading.Event()

    def tick() -> bool:
        ticked.set()
        return True

    ticker = Ticker(tick, 0.001)
    assert ticked.wait(10)
    ticker.stop()
    ticked.clear()
    assert not ticked.wait(0.02)


def test_a_ticker_ends_when_told_so_by_its_call() -> None:
    calls: list[int] = []

    def tick() -> bool:
        calls.append(1)
        return False

    ticker = Ticker(tick, 0.001)
    ticker._thread.join(10)
    ticker.stop()
    assert calls == [1]
