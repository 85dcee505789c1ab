from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.board import Board, BoardMeter
from tests.test_machine import write
from wattnas.agent.energy import EnergyResult, Protocol, measure_energy, throttle_watch
from wattnas.agent.meters.log import LogMeter
from wattnas.errors import ConfigError, MeterError

STANDARD = Protocol()


def measured(board: Board, throttled: Any = lambda: None, protocol: Protocol = STANDARD) -> EnergyResult:
    meter = BoardMeter(board)
    return measure_energy(board.run, meter, protocol, board.clock, board.sleep, throttled, Path("nowhere"))


def test_energy_of_a_board_on_paper() -> None:
    result = measured(Board(idle_w=2.0, busy_w=5.0, run_s=0.25))
    assert result.rejected is None
    assert (result.meter, result.domain, result.notes) == ("board", "all of the board", ("on paper",))
    assert result.joules == pytest.approx(5.0 * 0.25)
    assert result.net_j == pytest.approx(3.0 * 0.25)
    assert result.watts == pytest.approx(5.0) and result.idle_watts == pytest.approx(2.0)
    assert result.seconds == pytest.approx(0.25)
    assert (result.runs, result.drift) == (5 * 40, 0.0)


def test_windows_are_long_enough_and_apart() -> None:
    protocol = Protocol()
    result = measured(Board(run_s=0.3))
    assert len(result.windows) == protocol.windows == 5
    assert all(window.seconds >= 10.0 for window in result.windows)
    for i in range(1, 5):
        rest = result.windows[i].start - result.windows[i - 1].end
        assert rest >= protocol.pause_s + protocol.settle_s
    before, after = result.idle
    assert before.end < result.windows[0].start and after.start >= result.windows[-1].end + protocol.pause_s
    assert min(before.seconds, after.seconds) >= 10.0


def test_the_time_it_takes_is_foretold() -> None:
    board = Board(run_s=0.25)
    start, protocol = board.now, Protocol()
    measured(board, protocol=protocol)
    assert board.now - start == pytest.approx(protocol.seconds, abs=0.25 * 11)


@pytest.mark.parametrize(("heat_w", "rejected"), [(0.01, False), (0.03, True)])
def test_idle_power_that_drifts_rejects(heat_w: float, rejected: bool) -> None:
    board = Board()
    board.heat_w = heat_w  # six rests lie between the beginnings of the two idle windows
    result = measured(board)
    assert result.drift == pytest.approx(6 * heat_w / (2.0 + heat_w))
    assert (result.rejected is not None) is rejected
    if rejected:
        assert "idle power drifted by 8.9%" in str(result.rejected)


def test_throttling_rejects_and_ends_the_measurement() -> None:
    answers = iter([None, None, "the processor was throttled 1 time(s)"])
    result = measured(Board(), lambda: next(answers))
    assert result.rejected == "throttled: the processor was throttled 1 time(s)"
    assert (len(result.windows), len(result.idle)) == (2, 1)


def test_what_happened_before_the_windows_is_not_held_against_them() -> None:
    answers = iter(["throttled while it was warming up", *[None] * 5])
    assert measured(Board(), lambda: next(answers)).rejected is None


def test_a_meter_that_does_not_see_the_load_rejects() -> None:
    assert "under load" in str(measured(Board(idle_w=3.0, busy_w=3.0)).rejected)


def test_a_run_longer_than_a_window_runs_once() -> None:
    result = measured(Board(run_s=40.0))
    assert result.runs == 5 and result.joules == pytest.approx(200.0)


def test_a_meter_that_fails_is_an_error() -> None:
    board = Board(busy_w=0.0)
    with pytest.raises(MeterError):
        measured(board)


def test_a_log_gets_a_marker_and_no_joules() -> None:
    board, protocol = Board(), Protocol()
    meter = LogMeter(Path("later.csv"))
    result = measure_energy(
        board.run, meter, protocol, board.clock, board.sleep, lambda: None, Path("nowhere")
    )
    assert result.pending and result.joules is None
    assert result.rejected == "the meter's log has not been read yet"
    assert result.marker is not None
    lengths = [result.marker[i + 1] - result.marker[i] for i in range(3)]
    assert lengths == pytest.approx([6.0, 6.0, 6.0])
    assert result.idle[0].start > result.marker.idle_to
    assert result.seconds == pytest.approx(0.25)


def test_the_start_of_the_system_is_noted(tmp_path: Path) -> None:
    write(tmp_path, "proc/sys/kernel/random/boot_id", "0f3a\n")
    board = Board()
    found = measure_energy(
        board.run, BoardMeter(board), Protocol(), board.clock, board.sleep, lambda: None, tmp_path
    )
    assert found.boot == "0f3a"


def test_throttling_is_seen_from_one_look_to_the_next(tmp_path: Path) -> None:
    count = "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    write(tmp_path, count, "3\n")
    check = throttle_watch(tmp_path)
    assert check() is None
    write(tmp_path, count, "5\n")
    assert check() == "the processor was throttled 2 time(s)"
    assert check() is None


def test_the_protocol_comes_back_from_json() -> None:
    protocol = Protocol(windows=3, window_s=20.0, drift=0.1)
    assert Protocol.from_json(protocol.to_json()) == protocol
    assert Protocol.from_json({}) == Protocol()


@pytest.mark.parametrize(
    "raw",
    [
        *(
            None,
            [],
            "x",
            {"windows": 0},
            {"windows": 2.0},
            {"windows": True},
            {"window_s": 0},
            {"window_s": "10"},
        ),
        *({"window_s": float("nan")}, {"idle_s": -1}, {"pause_s": 1e9}, {"more": 1}, {"marker_burn_s": 9.0}),
        {"drift": None},
    ],
)
def test_what_is_no_protocol(raw: Any) -> None:
    with pytest.raises(ConfigError):
        Protocol.from_json(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*Protocol().to_json(), "other"]), JSON))
def test_any_json_is_a_protocol_or_our_error(raw: dict[str, Any]) -> None:
    with suppress(ConfigError):
        Protocol.from_json(raw)
