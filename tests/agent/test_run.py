"""Running a job: what is done is kept, what drifts is repeated, what crashes is tried once more."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.agent.stand_in import job_of, lines_of, log_lines, sha256, worker_script
from wattnas.agent.job import Job, seal
from wattnas.agent.journal import Journal
from wattnas.agent.run import Runner
from wattnas.agent.store import Store
from wattnas.agent.worker import HostGone, Worker
from wattnas.errors import DeviceError


class Device:
    """A folder with the files of a job, and what was said."""

    def __init__(self, folder: Path, stretches: Sequence[Sequence[str]], **more: Any) -> None:
        self.store = Store(folder / "agent")
        self.store.prepare()
        self.log = folder / "log"
        more["protocol"] = {"log": str(self.log), **more.get("protocol", {})}
        self.job = Job.from_json(seal(job_of(stretches, **more)))
        for name in [*self.job.models, "images"]:
            (self.store.files / sha256(name.encode())).write_bytes(name.encode())
        self.said: list[dict[str, Any]] = []
        self.path = self.store.jobs / "a.jsonl"
        self.script = worker_script(folder)

    def run(self, lost_after: int | None = None) -> list[dict[str, Any]]:
        """Run the job; the host is lost with its result number `lost_after`. What was said but notes."""
        heard: list[dict[str, Any]] = []

        def say(content: Mapping[str, Any]) -> None:
            self.said.append(dict(content))
            if content["kind"] != "note":
                if len(heard) == lost_after:
                    raise HostGone
                heard.append(dict(content))

        worker = Worker([sys.executable, str(self.script)], self.store.work)
        Runner(self.job, Journal(self.path, {}), self.store, worker, say, lambda: False).run()
        return heard

    def notes(self) -> list[str]:
        return [line["message"] for line in self.said if line["kind"] == "note"]


def test_a_job_from_begin_to_end(tmp_path: Path) -> None:
    more = {"meter": "replay", "energy": {"items": ["c"], "protocol": {}}}
    more["predict"] = {"model": "a", "images": sha256(b"images"), "batch": 2}
    device = Device(tmp_path, [["a", "b"], ["c"]], **more)
    first, second, classes, energy, done = device.run()
    assert (first["kind"], first["index"], first["attempt"], first["attempts"]) == ("stretch", 0, 1, 1)
    assert list(first["items"]) == ["a", "b"] and second["index"] == 1 and first["rejected"] is None
    assert classes == {"kind": "classes", "index": 0, "classes": [3, 1]}
    assert energy == {"kind": "energy", "item": "c", "joules": 2.5, "meter": "replay"}
    assert done == {"kind": "done", "job": device.job.name, "failed": 0}
    assert lines_of(device.path.read_bytes())[1:] == [first, second, classes, energy]
    assert device.notes()[0] == "stretch 0 begins (task 1 of 4)"


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"], ["b"], ["c"]])
    with pytest.raises(HostGone):  # the second result is kept, though the host did not hear it
        device.run(lost_after=1)
    assert log_lines(device.log, "begin") == ["a", "b"]
    assert [line.get("index") for line in device.run()] == [0, 1, 2, None]
    assert log_lines(device.log, "begin") == ["a", "b", "c"]


def test_a_stretch_that_drifts_is_repeated(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"], ["b"]], protocol={"drifts": [0.09, 0.01, 0.02]})
    first, second, _ = device.run()
    assert (first["attempt"], first["attempts"], first["drift"], first["rejected"]) == (2, 2, 0.01, None)
    assert (second["attempt"], second["attempts"], second["drift"]) == (1, 1, 0.02)
    assert "stretch 0 is rejected, attempt 1: drift 0.09" in device.notes()


def test_the_steadiest_attempt_is_kept_and_flagged(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"]], protocol={"drifts": [0.09, 0.05, 0.07, 0.0]})
    first, _ = device.run()
    assert (first["kind"], first["attempt"], first["attempts"]) == ("stretch", 2, 3)
    assert (first["drift"], first["rejected"]) == (0.05, "drift 0.05")
    assert device.run()[0] == first and len(log_lines(device.log, "begin")) == 3


def test_attempts_count_over_a_lost_connection(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"]], protocol={"drifts": [0.09, 0.05, 0.07], "attempts": 2})
    with pytest.raises(HostGone):
        device.run(lost_after=0)
    whole = device.path.read_bytes().splitlines(keepends=True)
    device.path.write_bytes(b"".join(whole[:2]))  # as if it had ended after the first attempt
    first, _ = device.run()
    assert (first["attempt"], first["attempts"], first["drift"]) == (2, 2, 0.07)


def test_a_crash_is_tried_once_more(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"], ["b"]], protocol={"crashes": 1})
    assert [line["kind"] for line in device.run()] == ["stretch", "stretch", "done"]
    said = "stretch 0: The worker ended with code 7: MemoryError: no room for a; trying once more"
    assert said in device.notes() and log_lines(device.log, "begin") == ["a", "a", "b"]


def test_a_second_crash_fails_that_stretch_alone(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"], ["b"]], protocol={"crashes": 2})
    failed, second, done = device.run()
    assert failed["kind"] == "failed" and failed["of"] == ["stretch", 0]
    assert "MemoryError: no room for a" in failed["message"]
    assert second["index"] == 1 and done["failed"] == 1
    assert [line["kind"] for line in device.run()] == ["stretch", "stretch", "done"]  # failures are not kept


def test_an_error_is_not_tried_again(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"]], protocol={"error": "This network does not load."})
    failed, _ = device.run()
    assert (failed["message"], failed["hint"]) == ("This network does not load.", "Do this.")
    assert log_lines(device.log, "begin") == ["a"]


def test_an_answer_to_something_else_fails(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"]], protocol={"says": '{"kind": "classes"}'})
    assert device.run()[0]["message"] == "The worker answered 'classes' to stretch 0."


def test_a_damaged_network_ends_the_job(tmp_path: Path) -> None:
    device = Device(tmp_path, [["a"]])
    (device.store.files / device.job.models["base"]).write_bytes(b"other")
    with pytest.raises(DeviceError, match="damaged"):
        device.run()
    assert log_lines(device.log, "begin") == []
