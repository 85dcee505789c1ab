"""What people see while stages run."""

from __future__ import annotations

import pytest

from wattnas.cli.watch import Bars, Lines, counting, describe, watching
from wattnas.progress import Progress, Silent

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def test_a_state_names_epoch_loss_accuracy_and_costs() -> None:
    of_search = {
        "weight_cross_entropy": 1.23456,
        "weight_accuracy": 0.5,
        "cross_entropy": 9.0,
        "accuracy": 0.9,
    }
    costs = {"latency_s": 0.0123, "energy_j": 1.5}
    assert describe(0, 8, of_search | costs) == "epoch 1/8  loss 1.235  acc 50.0%  ~12.3 ms  ~1.5 J"
    of_training = {"loss": 0.5, "accuracy": 0.875, "validation_accuracy": 0.8125}
    assert describe(2, 3, of_training) == "epoch 3/3  loss 0.500  acc 87.5%  val 81.2%"


def test_who_watches_depends_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with watching(quiet=True) as watcher:
        assert isinstance(watcher, Silent)
    for terminal, kind in ((True, Bars), (False, Lines)):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal, raising=False)
        with watching(quiet=False) as watcher:
            assert isinstance(watcher, kind)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_lines_come_every_quarter_of_a_minute_with_the_time_left(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    watcher: Progress = Lines()
    watcher.start("train", 100, 0)
    for _ in range(4):
        clock[0] += 5
        watcher.advance(5)
        watcher.show(epoch=0, epochs=2, loss=1.0)
    clock[0] += 20
    watcher.end()
    said = capsys.readouterr()
    assert said.out == ""
    # Told at 15 s, with 15 of 100 steps done at one a second.
    assert said.err.splitlines() == [
        "train: 100 steps",
        "train 15/100  epoch 1/2  loss 1.000  1 min 25 s left",
        "train: done in 40.0 s",
    ]


def test_lines_of_a_resumed_stage_count_from_where_it_goes_on(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Lines()
    watcher.start("search", 100, 60)
    clock[0] += 20
    watcher.advance(10)
    watcher.show(epoch=6, epochs=10)
    assert capsys.readouterr().err.splitlines() == [
        "search: 100 steps, going on from step 60",
        "search 70/100  epoch 7/10  1 min 0 s left",  # 30 steps at 2 s each
    ]


def be_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard error, which pytest reads, say that it is a terminal."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)


def test_bars_show_steps_and_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be_a_terminal(monkeypatch)
    with watching(quiet=False) as watcher:
        watcher.say("reading [digits]")
        watcher.start("search", 40, 10)
        watcher.advance(5)
        watcher.show(epoch=1, epochs=4, loss=2.0)
        watcher.end()
    said = capsys.readouterr()
    assert said.out == "" and "reading [digits]" in said.err
    assert "search" in said.err and "15/40" in said.err and "epoch 2/4  loss 2.000" in said.err


def test_the_cursor_comes_back_after_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be_a_terminal(monkeypatch)
    with pytest.raises(KeyboardInterrupt), watching(quiet=False) as watcher:
        watcher.start("search", 40, 0)
        raise KeyboardInterrupt
    said = capsys.readouterr().err
    assert said.rfind(SHOW) > said.rfind(HIDE) >= 0


def test_bars_that_never_began_take_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = Bars()
    watcher.advance(1)
    watcher.show(epoch=0, epochs=1)
    watcher.end()
    watcher.end()
    assert capsys.readouterr().out == ""


def test_counts_become_steps_and_lines_tell_them_now_and_then(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with counting("profile", quiet=False) as tell:
        tell(0, 100, "exporting")
        clock[0] += 10
        tell(0, 100, "timing")
        for done in (10, 20, 30):
            clock[0] += 10
            tell(done, 100, "timing")
    # Told at 30 s, with 20 of 100 done at one and a half seconds each; ended before all of it was needed.
    assert capsys.readouterr().err.splitlines() == [
        "profile: exporting",
        "profile: 100 steps",
        "profile: timing",
        "profile 20/100  2 min 0 s left",
        "profile: done in 40.0 s",
    ]


def test_a_count_that_takes_up_again_begins_where_it_was(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with counting("check", quiet=False) as tell:
        tell(25, 30, "timing")
        tell(30, 30, "timing")
        tell(30, 30, "timing")
    said = capsys.readouterr().err.splitlines()
    assert said == ["check: timing", "check: 30 steps, going on from step 25", "check: done in 0.0 s"]


def test_nothing_is_counted_aloud_when_quiet_or_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("check", quiet=True) as tell:
        tell(1, 2, "timing")
    with pytest.raises(ValueError), counting("check", quiet=False) as tell:
        tell(1, 2, "timing")
        raise ValueError
    assert "done" not in capsys.readouterr().err
