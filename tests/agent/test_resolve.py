from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.agent.board import Board
from wattnas.agent.energy import EnergyResult, Protocol, measure_energy
from wattnas.agent.meters import parse_log
from wattnas.agent.meters.log import LogMeter
from wattnas.agent.resolve import resolve, resolve_all
from wattnas.errors import MeterError


def measured(board: Board) -> EnergyResult:
    meter = LogMeter(Path("later.csv"))
    return measure_energy(
        board.run, meter, Protocol(), board.clock, board.sleep, lambda: None, Path("nowhere")
    )


@pytest.mark.parametrize(("offset", "step"), [(0.0, 0.02), (-4987.6, 0.02), (1.7e9, 0.1)])
def test_the_log_tells_what_the_board_used(offset: float, step: float) -> None:
    board = Board(idle_w=2.0, busy_w=5.0, run_s=0.25)
    found = resolve(measured(board), parse_log(board.log(step, offset)))
    assert found.rejected is None
    assert found.joules == pytest.approx(1.25, rel=0.01)
    assert found.net_j == pytest.approx(0.75, rel=0.02)
    assert found.joules is not None and found.sigma_j is not None
    assert abs(found.joules - 1.25) < 4 * found.sigma_j
    assert found.domain == "what the external meter is connected to"


def test_a_gap_in_a_window_rejects_and_tells_no_energy() -> None:
    board = Board()
    result = measured(board)
    middle = (result.windows[2].start + result.windows[2].end) / 2
    found = resolve(result, parse_log(board.log(lost=(middle, middle + 1.0))))
    assert "no sample from" in str(found.rejected)
    assert found.joules is None


def test_a_gap_between_windows_does_not_matter() -> None:
    board = Board()
    result = measured(board)
    between = result.windows[0].end + 3.0
    found = resolve(result, parse_log(board.log(lost=(between, between + 2.0))))
    assert found.rejected is None and found.joules == pytest.approx(1.25, rel=0.01)


def test_a_log_that_ends_too_early_is_refused() -> None:
    board = Board()
    result = measured(board)
    with pytest.raises(MeterError, match="shows no idle, burn and idle"):
        resolve(result, parse_log(board.log(lost=(result.windows[3].start, 1e9))))


def test_a_log_in_which_nothing_fits_is_an_error() -> None:
    board, other = Board(), Board(busy_w=2.0)
    result = measured(board)
    measured(other)
    with pytest.raises(MeterError, match="shows no idle, burn and idle"):
        resolve(result, parse_log(other.log()))


def several(count: int) -> tuple[Board, list[EnergyResult]]:
    """Networks that cost 1, 2, 3... times as much time, one after another."""
    board, results = Board(), []
    for i in range(count):
        board.run_s = 0.25 * (i + 1)
        results.append(measured(board))
    return board, results


def test_several_results_share_one_log() -> None:
    board, results = several(3)
    found = resolve_all(results, parse_log(board.log(0.05, offset=33.3)))
    assert [each.joules for each in found] == pytest.approx([1.25, 2.5, 3.75], rel=0.01)
    assert all(each.rejected is None for each in found)


def test_one_marker_of_several_is_refused() -> None:
    board, results = several(3)
    with pytest.raises(MeterError, match=r"in \d places"):
        resolve(results[0], parse_log(board.log(0.05)))


def test_markers_that_are_not_all_in_the_log_are_refused() -> None:
    board, results = several(3)
    text = board.log(0.05, lost=(0.0, results[1].windows[0].start))
    with pytest.raises(MeterError, match="shows no"):
        resolve_all(results, parse_log(text))


def test_results_of_two_starts_of_the_system_are_aligned_apart() -> None:
    board, results = several(2)
    again = replace(results[1], boot="second")
    with pytest.raises(MeterError, match="in 2 places"):  # each alone fits twice, so neither is trusted
        resolve_all([results[0], again], parse_log(board.log(0.05)))


def test_what_is_known_already_is_not_resolved_again() -> None:
    board = Board()
    result = measured(board)
    trace = parse_log(board.log())
    done = resolve(result, trace)
    with pytest.raises(MeterError, match="known already"):
        resolve(done, trace)


def test_a_result_without_a_marker_cannot_be_aligned() -> None:
    board = Board()
    result = replace(measured(board), marker=None)
    with pytest.raises(MeterError, match="no marker"):
        resolve(result, parse_log(board.log()))
