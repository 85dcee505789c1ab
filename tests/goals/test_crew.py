"""Trainings side by side: same results, steps told, errors as they are, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.goals.test_workshop import workshop
from wattnas.compute import threads
from wattnas.errors import NumericError, RunError
from wattnas.goals.crew import Crew
from wattnas.progress import Progress, Silent

WAIT_S = 60.0


class Counting(Silent):
    """Sums the steps it hears of."""

    def __init__(self) -> None:
        self.steps = self.total = 0

    def start(self, stage: str, total: int, done: int) -> None:
        self.total, self.steps = total, done

    def advance(self, steps: int) -> None:
        self.steps += steps


class Threads(Silent):
    """Threads with which steps were made."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def advance(self, steps: int) -> None:
        self.seen.add(torch.get_num_threads())


def multiply(shared: int, value: int, *, progress: Progress) -> tuple[int, int, int]:
    progress.start("multiply", 5, 2)
    for _ in range(3):
        progress.advance(1)
    return shared * value, os.getpid(), torch.get_num_threads()


def fail(shared: int, value: int, *, progress: Progress) -> int:
    if value == 1:
        raise NumericError("The loss is nan.", "Lower train.lr.")
    return value


def die(shared: int, value: int, *, progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def linger(shared: str, value: int, *, progress: Progress) -> None:
    """Say that it works, and go on for a minute."""
    Path(shared, f"{value}.pid").write_text(str(os.getpid()))
    for _ in range(600):
        time.sleep(0.1)
        progress.advance(1)


def rest(shared: str, value: int, *, progress: Progress) -> None:
    """Say where, and be done; long enough for the other member to get the other job."""
    Path(shared, f"{value}.pid").write_text(str(os.getpid()))
    time.sleep(1.0)


@pytest.fixture
def crew() -> Iterator[Crew]:
    made = Crew(7, members=2, threads=1)
    yield made
    made.close()


def test_jobs_come_back_in_order_from_other_processes_with_their_steps(crew: Crew) -> None:
    watcher = Counting()
    found = crew.do(multiply, [(value,) for value in range(4)], watcher)
    assert [product for product, _, _ in found] == [0, 7, 14, 21]
    assert os.getpid() not in {process for _, process, _ in found}
    assert {threads for _, _, threads in found} == {1}
    assert watcher.steps == 4 * 5
    assert crew.do(multiply, [(9,)], watcher)[0][0] == 63  # the members stay


def test_an_error_of_one_job_arrives_whole_and_the_crew_goes_on(crew: Crew) -> None:
    with pytest.raises(NumericError) as caught:
        crew.do(fail, [(0,), (1,), (2,)], Silent())
    assert (caught.value.message, caught.value.hint) == ("The loss is nan.", "Lower train.lr.")
    assert crew.do(fail, [(3,)], Silent()) == [3]


def test_a_member_that_is_killed_is_said(crew: Crew) -> None:
    with pytest.raises(RunError, match="ended from outside") as caught:
        crew.do(die, [(0,)], Silent())
    assert "select.together" in caught.value.hint


@pytest.mark.parametrize("task", ["linger", "rest"], ids=["at work", "idle"])
def test_members_end_when_the_one_who_asks_is_killed(task: str, tmp_path: Path) -> None:
    code = (
        "from tests.goals import test_crew as t\n"
        "if __name__ == '__main__':\n"
        f"    crew = t.Crew({str(tmp_path)!r}, 2, 1)\n"
        f"    crew.do(t.{task}, [(0,), (1,)], t.Silent())\n"
        f"    open({str(tmp_path / 'done')!r}, 'w').close()\n"
        "    t.time.sleep(60)\n"
    )
    script = tmp_path / "ask.py"
    script.write_text(code)
    paths = [str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    asker = subprocess.Popen([sys.executable, str(script)], env=environment)
    end = time.monotonic() + WAIT_S
    while len(pids := list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(pids) == 2
    while task == "rest" and not (tmp_path / "done").exists() and time.monotonic() < end:
        time.sleep(0.1)
    asker.kill()
    asker.wait()
    members = [int(path.read_text()) for path in pids]
    while any(map(_lives, members)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(_lives, members))


def _lives(process: int) -> bool:
    """Whether it runs; one that nobody has buried yet does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_networks_trained_side_by_side_are_those_that_are_trained_in_turn(tmp_path: Path) -> None:
    paths = [torch.tensor(path) for path in ([0, 1, 2], [1, 0, 0], [0, 1, 2], [2, 1, 1])]
    alone = workshop(tmp_path / "alone", threads=1, select={"together": 1})
    in_turn = alone.train_all([(path, None) for path in paths])
    watcher = Counting()
    together = workshop(tmp_path / "together", watcher, threads=1, select={"together": 2})
    side_by_side = together.train_all([(path, None) for path in paths])
    together.close()
    assert [r.correct for r in side_by_side] == [r.correct for r in in_turn]
    for path in paths:
        for name in ("weights.safetensors", "metrics.jsonl"):
            files = [made.folder_of(path).file(name) for made in (alone, together)]
            assert files[0].read_bytes() == files[1].read_bytes()
    assert watcher.steps == watcher.total > 0
    assert together.spent_s["training"] > 0.0 and alone.spent_s["training"] > 0.0


def test_what_is_in_the_cache_starts_no_process(tmp_path: Path) -> None:
    made = workshop(tmp_path, select={"together": 2})
    paths = [torch.tensor(path) for path in ([0, 1, 2], [1, 0, 0])]
    first = [made.train(path) for path in paths]
    assert made.train_all([(path, None) for path in paths]) == first
    assert "_crew" not in vars(made)


@pytest.mark.parametrize(("beside", "expected"), [([], 4), ([[0, 1, 2]], 2)], ids=["alone", "of two"])
def test_one_asked_for_alone_has_all_threads_and_one_of_several_its_share(
    tmp_path: Path, beside: list[list[int]], expected: int
) -> None:
    trained = [(torch.tensor(path), None) for path in beside]
    workshop(tmp_path).train_all(trained)
    watcher, path = Threads(), torch.tensor([1, 0, 0])
    with threads(4):
        made = workshop(tmp_path, watcher, select={"together": 2})
        made.look(path)
        watcher.seen.clear()
        made.train_all([*trained, (path, None)])
    assert watcher.seen == {expected}
