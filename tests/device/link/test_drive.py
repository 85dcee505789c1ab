"""A job from its first result to its last, on an agent real but for its worker, over links that break."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.agent.stand_in import files_of, job_of, log_lines, sha256
from tests.device.link.scripted import HELLO, ScriptedLink, stretch
from wattnas.agent.bundle import Bundle
from wattnas.agent.job import seal
from wattnas.device.link import LocalLink, Patience, greet, list_meters, run_job, tidy
from wattnas.device.link.base import LinkDown, Pipe
from wattnas.errors import DeviceError

NONE: dict[str, Any] = {"kind": "missing", "hashes": []}


class BreakingLink(LocalLink):
    """This machine, as if behind a network: its agent can be killed, and that is a connection lost."""

    name = "ssh://breaking"
    pipe: Pipe | None = None
    starts = 0

    def start_agent(self) -> Pipe:
        self.starts += 1
        self.pipe = super().start_agent()
        return self.pipe

    def explain(self, code: int, complaints: str) -> DeviceError:
        return LinkDown(f"Lost with {code}.")

    def cut(self) -> None:
        assert self.pipe is not None
        self.pipe.kill()


def done(job: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "done", "job": seal(job)["job"], "failed": 0}


def no_wait(seconds: float) -> None:
    """Do not wait."""


def test_a_job_from_begin_to_end(tmp_path: Path, bundle: Bundle) -> None:
    link = LocalLink(tmp_path / "agent", bundle=bundle)
    log = tmp_path / "log"
    job = job_of(
        [["a", "b"], ["c"]],
        protocol={"log": str(log)},
        meter="replay",
        energy={"items": ["c"], "protocol": {"log": str(log)}},
        predict={"model": "a", "images": sha256(b"a"), "batch": 2},
    )
    files = files_of(job, tmp_path / "models")
    found = list(run_job(link, job, files))
    assert [result.key for result in found] == [
        ("stretch", 0),
        ("stretch", 1),
        ("classes", 0),
        ("energy", "c"),
    ]
    assert list(run_job(link, job, files)) == found  # from the journal
    assert log_lines(log, "begin") == ["a,b", "c", "c"]


def test_a_connection_killed_five_times_loses_nothing(tmp_path: Path, bundle: Bundle) -> None:
    link, log, said = BreakingLink(tmp_path / "agent", bundle=bundle), tmp_path / "log", list[str]()
    names = [f"n{k}" for k in range(6)]
    job = job_of([[name] for name in names], protocol={"log": str(log)})
    found = []
    for result in run_job(link, job, files_of(job, tmp_path / "models"), said.append, sleep=no_wait):
        found.append(result.key)
        if len(found) <= 5:
            link.cut()
    assert found == [("stretch", k) for k in range(6)] and link.starts == 6
    assert sorted(set(log_lines(log, "end"))) == names and len(log_lines(log, "begin")) <= 6 + 5
    assert sum("Trying again in 1 s" in message for message in said) == 5


def test_a_worker_that_is_left_is_waited_for(tmp_path: Path, bundle: Bundle) -> None:
    link, log = BreakingLink(tmp_path / "agent", bundle=bundle), tmp_path / "log"
    job = job_of([["a"]], protocol={"log": str(log), "wait_s": 1.0})
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if message.startswith("stretch 0 begins") and link.starts == 1:
            while not log_lines(log, "begin"):
                time.sleep(0.01)
            link.cut()

    (result,) = run_job(link, job, files_of(job, tmp_path / "models"), say, sleep=no_wait)
    assert result.key == ("stretch", 0)
    assert "Another measurement runs on this device; waiting for it to end." in said
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["begin", "end"] * 2


def test_a_first_connection_that_fails_is_not_tried_again() -> None:
    link = ScriptedLink(LinkDown("Refused."), [HELLO])
    with pytest.raises(LinkDown, match="Refused"):
        list(run_job(link, job_of([["a"]]), _paths(job_of([["a"]]))))


def test_a_device_that_answered_before_is_waited_for_at_the_next_job() -> None:
    """A profile sends several jobs; the connection may break just where one of them begins."""
    job, waits, said = job_of([["a"]]), list[float](), list[str]()
    down = LinkDown("Killed.")
    good = [HELLO, NONE, stretch(0, "a"), done(job)]
    link = ScriptedLink([HELLO], down, [], good, down, [HELLO])
    greet(link)
    (result,) = run_job(link, job, _paths(job), said.append, sleep=waits.append)
    assert result.key == ("stretch", 0) and waits == [1, 2]
    assert "Killed. Trying again in 1 s; 0 results are kept." in said
    assert greet(link, said.append, sleep=waits.append).python == "3.11" and waits == [1, 2, 1]
    with pytest.raises(LinkDown, match="No connection"):
        greet(link, patience=Patience(2, 1, 60), sleep=waits.append)
    assert waits == [1, 2, 1, 1, 2]


def test_how_long_a_lost_device_is_waited_for() -> None:
    job, waits = job_of([["a"]]), list[float]()
    link = ScriptedLink([HELLO, NONE])
    with pytest.raises(
        DeviceError, match=r"^No connection\. ssh://pi stays away; 0 results are kept"
    ) as caught:
        list(run_job(link, job, _paths(job), patience=Patience(5, 1, 6), sleep=waits.append))
    assert waits == [1, 2, 4, 6, 6] and "Run the same command again" in caught.value.hint
    assert type(caught.value) is DeviceError


def test_patience_begins_anew_with_a_result() -> None:
    job, waits = job_of([["a"], ["b"]]), list[float]()
    down = LinkDown("Down.")
    first, second = [HELLO, NONE, stretch(0, "a")], [HELLO, NONE, stretch(0, "a"), stretch(1, "b"), done(job)]
    link = ScriptedLink([HELLO, NONE], down, first, down, second)
    found = list(run_job(link, job, _paths(job), patience=Patience(2, 1, 60), sleep=waits.append))
    assert [result.key for result in found] == [("stretch", 0), ("stretch", 1)] and waits == [1, 2, 1, 2]


def test_a_failure_is_told_and_mended_later() -> None:
    job = job_of([["a"], ["b"]])
    failed = {"kind": "failed", "of": ["stretch", 0], "message": "Crashed.", "hint": ""}
    lines: list[dict[str, Any]] = [failed, {"kind": "note", "message": "x"}]
    link = ScriptedLink(
        [HELLO, NONE, *lines],
        [HELLO, NONE, *lines, stretch(1, "b")],
        [HELLO, NONE, stretch(0, "a"), stretch(1, "b"), done(job)],
    )
    found = list(run_job(link, job, _paths(job), sleep=no_wait))
    assert [result.kind for result in found] == ["failed", "stretch", "stretch"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([stretch(1, "a")], "answers what was not asked"),
        ([stretch(0, "z")], "answers what was not asked"),
        ([stretch(0, "a", "z")], "answers what was not asked"),
        ([{"kind": "energy", "item": "a"}], "answers what was not asked"),
        ([{"kind": "failed", "of": ["stretch", 7], "message": ""}], "answers what was not asked"),
        ([done(job_of([["a"]]))], "without all of its results"),
    ],
)
def test_answers_that_do_not_fit_the_job(lines: Sequence[dict[str, Any]], reason: str) -> None:
    job = job_of([["a"]])
    with pytest.raises(DeviceError, match=reason):
        list(run_job(ScriptedLink([HELLO, NONE, *lines]), job, _paths(job)))


def test_a_file_that_was_not_handed_over() -> None:
    with pytest.raises(DeviceError, match="was not handed over"):
        list(run_job(ScriptedLink(), job_of([["a"]]), {}))


def test_a_listener_that_stops_ends_the_agent(tmp_path: Path, bundle: Bundle) -> None:
    link = BreakingLink(tmp_path / "agent", bundle=bundle)
    job = job_of([["a"], ["b"]])
    results = run_job(link, job, files_of(job, tmp_path / "models"))
    assert next(results).key == ("stretch", 0) and link.pipe is not None
    results.close()  # type: ignore[attr-defined]
    assert link.pipe.process.poll() is not None


def test_what_a_device_says_and_what_is_removed(tmp_path: Path, bundle: Bundle) -> None:
    link = LocalLink(tmp_path / "agent", bundle=bundle)
    hello = greet(link)
    assert hello.onnxruntime == "1.0" and hello.folder == str(tmp_path / "agent")
    assert {"rapl", "nvml", "ina219"} <= {meter.name for meter in list_meters(link)}
    assert tidy(link).files == 1  # the agent itself
    assert [path.name for path in (tmp_path / "agent").iterdir()] == ["lock"]
    assert greet(link) is not None


def _paths(job: dict[str, Any]) -> dict[str, Path]:
    return {sha: Path() for sha in job["models"].values()}
