"""The bookkeeping of a stage, and the means it logs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wattnas.compute import CPU
from wattnas.errors import NumericError
from wattnas.progress import Progress, Silent
from wattnas.rundir import RunDir, read_metrics
from wattnas.stage import FiniteWatch, Means, Stage, Steps, is_log_step


def run(path: Path) -> RunDir:
    path.mkdir(exist_ok=True)
    made = RunDir(path)
    made.start({}, {})
    return made


def stage(
    made: RunDir, *, log_start: int = 0, checkpoint_s: float = 1e9, progress: Progress | None = None
) -> Stage:
    return Stage(made, "search", log_start=log_start, checkpoint_s=checkpoint_s, progress=progress)


def test_a_new_stage_begins_at_step_0_without_tensors(tmp_path: Path) -> None:
    fresh = stage(run(tmp_path))
    assert fresh.step == 0 and fresh.tensors is None
    assert isinstance(fresh.progress, Silent)


def test_a_stage_goes_on_from_its_checkpoint_and_forgets_what_it_logged_since(tmp_path: Path) -> None:
    made = run(tmp_path)
    first = stage(made)
    first.log(step=5, loss=1.5)
    first.save(5, {"w": torch.tensor([1.0, 2.0])})
    first.log(step=6, loss=1.25)
    again = stage(made)
    assert again.step == 5
    assert again.tensors is not None and again.tensors["w"].tolist() == [1.0, 2.0]
    again.log(step=6, loss=1.25)
    again.finish()
    assert read_metrics(tmp_path / "metrics.jsonl") == [
        {"stage": "search", "step": 5, "loss": 1.5},
        {"stage": "search", "step": 6, "loss": 1.25},
    ]


def test_a_stage_without_a_checkpoint_starts_after_the_stages_before(tmp_path: Path) -> None:
    made = run(tmp_path)
    line = b'{"stage": "before"}\n'
    (tmp_path / "metrics.jsonl").write_bytes(line + b'{"stage": "search", "step": 1}\n{"sta')
    fresh = stage(made, log_start=len(line))
    fresh.log(step=9)
    assert read_metrics(tmp_path / "metrics.jsonl") == [{"stage": "before"}, {"stage": "search", "step": 9}]


def test_finishing_records_length_and_time_and_removes_the_checkpoint(tmp_path: Path) -> None:
    made = run(tmp_path)
    ending = stage(made)
    ending.log(step=1)
    ending.save(1, {})
    assert (tmp_path / "search.checkpoint").is_file()
    ending.finish(found="x")
    stored = RunDir(tmp_path).load()["stages"]["search"]
    assert stored["state"] == "done" and stored["found"] == "x"
    assert stored["log_bytes"] == (tmp_path / "metrics.jsonl").stat().st_size > 0
    assert not (tmp_path / "search.checkpoint").exists()


def test_time_counts_over_all_sittings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    made = run(tmp_path)
    first = stage(made)
    now[0] += 40
    first.save(1, {})
    now[0] += 1000  # lost with the process that was killed
    second = stage(made)
    now[0] += 2
    second.finish()
    assert RunDir(tmp_path).load()["stages"]["search"]["wall_s"] == 42.0


def test_a_checkpoint_is_due_after_its_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    running = stage(run(tmp_path), checkpoint_s=30)
    assert not running.is_due()
    now[0] += 30
    assert running.is_due()
    running.save(1, {})
    assert not running.is_due()
    now[0] += 29
    assert not running.is_due()


def test_the_watcher_hears_the_end(tmp_path: Path) -> None:
    heard = []

    class Watcher(Silent):
        def end(self) -> None:
            heard.append("end")

    stage(run(tmp_path), progress=Watcher()).finish()
    assert heard == ["end"]


def test_means_are_over_the_steps_that_had_a_value() -> None:
    means = Means()
    means.add(loss=torch.tensor(1.0), accuracy=torch.tensor(0.5))
    means.add(loss=torch.tensor(4.0))
    assert means.take(CPU) == {"loss": 2.5, "accuracy": 0.5}
    assert means.take(CPU) == {}
    means.add(loss=torch.tensor(7.0))
    assert means.take(CPU) == {"loss": 7.0}


def test_means_keep_seven_digits_and_sum_in_double_precision() -> None:
    means = Means()
    means.add(loss=torch.tensor(1 / 3, dtype=torch.float64))
    assert means.take(CPU) == {"loss": 0.3333333}
    # In float32, adding 1 to 2^24 changes nothing.
    means.add(loss=torch.tensor(2.0**24, dtype=torch.float32))
    for _ in range(3):
        means.add(loss=torch.tensor(1.0))
    assert means.take(CPU) == {"loss": float(f"{(2**24 + 3) / 4:.7g}")}


def test_means_do_not_hold_on_to_the_graph() -> None:
    means = Means()
    means.add(loss=torch.tensor(2.0, requires_grad=True) * 3)
    assert means.take(CPU) == {"loss": 6.0}
    means.add(loss=torch.tensor(math.nan))
    assert math.isnan(means.take(CPU)["loss"])


@given(st.integers(1, 3000))
def test_an_epoch_has_about_ten_lines_and_one_at_its_end(steps: int) -> None:
    due = [position for position in range(steps) if is_log_step(position, steps)]
    assert due[-1] == steps - 1
    assert len(due) == steps if steps < 10 else 10 <= len(due) <= 20


def test_the_lines_of_an_epoch_by_hand() -> None:
    assert [p for p in range(100) if is_log_step(p, 100)] == [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]
    assert [p for p in range(25) if is_log_step(p, 25)] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 24]


def test_of_several_processes_the_others_write_nothing(tmp_path: Path) -> None:
    own = run(tmp_path)
    before = {path: path.read_bytes() for path in own.path.rglob("*") if path.is_file()}
    other = Stage(own, "search", log_start=0, checkpoint_s=1e-9, writes=False)
    other.log(loss=1.0)
    assert not other.is_due()
    other.finish()
    assert {path: path.read_bytes() for path in own.path.rglob("*") if path.is_file()} == before


def test_the_first_step_that_is_not_finite_is_named() -> None:
    watch = FiniteWatch("Do this.")
    for step, value in enumerate([1.0, 2.0, math.inf, math.nan]):
        watch.at(f"step {step}")
        watch.see(torch.tensor(value))
    with pytest.raises(NumericError, match=r"^step 2: the loss is inf\. Do this\."):
        watch.check()
    watch.at("step 4")
    watch.see(torch.tensor(1.0))
    watch.check()


def steps_of(seen: list[tuple[int, int, float]], logged: list[tuple[int, int]]) -> Steps:
    """Two epochs of three steps, which write down where they were."""
    return Steps(
        "counting",
        2,
        3,
        lambda *place: seen.append(place),
        lambda *place: logged.append(place),
        lambda: {"n": torch.tensor(len(seen))},
    )


def test_steps_go_through_every_epoch_in_order(tmp_path: Path) -> None:
    seen: list[tuple[int, int, float]] = []
    logged: list[tuple[int, int]] = []
    told: list[tuple[object, ...]] = []

    class Watcher(Silent):
        def start(self, stage: str, total: int, done: int) -> None:
            told.append((stage, total, done))

        def advance(self, steps: int) -> None:
            told.append((steps,))

    steps_of(seen, logged).run(stage(run(tmp_path), progress=Watcher()))
    assert seen == [(e, p, (3 * e + p) / 6) for e in range(2) for p in range(3)]
    assert logged == [(e, p) for e, p, _ in seen]
    assert told == [("counting", 6, 0), *[(1,)] * 6]


@pytest.mark.parametrize("stop", range(1, 6))
def test_steps_go_on_after_the_last_checkpoint(tmp_path: Path, stop: int) -> None:
    """It is taken after each line that was logged, the last one left out."""
    seen: list[tuple[int, int, float]] = []
    made = run(tmp_path)

    class Stopping(Silent):
        def advance(self, steps: int) -> None:
            if len(seen) == stop:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps_of(seen, []).run(stage(made, checkpoint_s=0.0, progress=Stopping()))
    going = stage(made, checkpoint_s=0.0)
    assert going.step == stop and going.tensors is not None and going.tensors["n"].item() == stop
    steps_of(seen, []).run(going)
    assert [(e, p) for e, p, _ in seen] == [(e, p) for e in range(2) for p in range(3)]


def test_steps_save_only_where_a_checkpoint_is_due(tmp_path: Path) -> None:
    steps_of([], []).run(stage(run(tmp_path), checkpoint_s=1e9))
    assert not list(tmp_path.glob("*.checkpoint"))
