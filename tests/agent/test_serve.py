"""The agent's loop, spoken to through pipes: asks, errors, garbage, and hosts that are gone."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.stand_in import job_of, lines_of, log_lines, pids, sha256, worker_script
from wattnas.agent import serve as module
from wattnas.agent.job import seal
from wattnas.agent.lines import dump
from wattnas.agent.lock import Lock
from wattnas.agent.serve import Agent, Host
from wattnas.agent.store import Store

FOUND = {"numpy": "1.0", "onnxruntime": "1.0", "reason": ""}


@pytest.fixture(autouse=True)
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numpy and onnxruntime are not loaded."""
    monkeypatch.setattr(module, "versions", lambda probe: FOUND)


def answers(folder: Path, *asks: Mapping[str, Any] | bytes) -> list[dict[str, Any]]:
    """What an agent in `folder` says to these asks, and then bye."""
    lines = [ask if isinstance(ask, bytes) else dump(ask) for ask in asks]
    sink = io.BytesIO()
    # Its end is not an end of the pipe: a job that is asked for is done.
    source = Slow([*lines, dump({"ask": "bye"})], sink)
    script = folder / "script"
    script.mkdir(exist_ok=True)
    Agent(Host(source, sink), Store(folder / "agent"), [sys.executable, str(worker_script(script))]).serve()
    return lines_of(sink.getvalue())


class Slow(io.BytesIO):
    """Lines of which each is given when the one before it was answered."""

    def __init__(self, lines: list[bytes], sink: io.BytesIO) -> None:
        super().__init__(b"".join(lines))
        self._sink, self._given = sink, 0

    def readline(self, size: int | None = -1) -> bytes:
        deadline = time.monotonic() + 30
        while self._answered() < self._given and time.monotonic() < deadline:
            time.sleep(0.002)
        line = super().readline(size)
        self._given += bool(line.strip())
        return line

    def _answered(self) -> int:
        ends = ("hello", "missing", "done", "error", "cleaned", "meters")
        return sum(line["kind"] in ends for line in lines_of(self._sink.getvalue()))


def device(folder: Path, names: str = "a b base") -> Store:
    store = Store(folder / "agent")
    store.prepare()
    for name in names.split():
        (store.files / sha256(name.encode())).write_bytes(name.encode())
    return store


def test_hello_and_bye(tmp_path: Path) -> None:
    hello, bye = answers(tmp_path, {"ask": "hello"})
    assert hello["kind"] == "hello" and hello["agent"] == 1 and hello["onnxruntime"] == "1.0"
    assert bye == {"kind": "bye"} and not (tmp_path / "agent").exists()


def test_files_and_a_job(tmp_path: Path) -> None:
    store = device(tmp_path)
    other = sha256(b"other")
    job = seal(job_of([["a"], ["b"]]))
    missing, *rest = answers(
        tmp_path, {"ask": "have", "hashes": [*job["models"].values(), other]}, {"ask": "job", "job": job}
    )
    assert missing == {"kind": "missing", "hashes": [other]}
    assert [line["kind"] for line in rest if line["kind"] != "note"] == ["stretch", "stretch", "done", "bye"]
    head = lines_of((store.jobs / f"{job['job']}.jsonl").read_bytes())[0]
    assert head == {"kind": "journal", "job": job["job"], "agent": 1, "onnxruntime": "1.0"}


def test_clean(tmp_path: Path) -> None:
    device(tmp_path)
    cleaned, _ = answers(tmp_path, {"ask": "clean"})
    assert cleaned == {"kind": "cleaned", "files": 3, "bytes": 6}


def test_another_runtime_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device(tmp_path)
    ask = {"ask": "job", "job": seal(job_of([["a"]]))}
    answers(tmp_path, ask)
    monkeypatch.setattr(module, "versions", lambda probe: FOUND | {"onnxruntime": "2.0"})
    assert "all is measured anew" in answers(tmp_path, ask)[0]["message"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (b"garbage\n", "is no JSON line"),
        (b"[]\n", "is no JSON object"),
        (b"{}\n", "does not know the question None"),
        (b'{"ask": ["hello"]}\n', "does not know the question"),
        (b'{"ask": "exec", "command": "rm"}\n', "does not know the question 'exec'"),
        (b'{"ask": "have"}\n', "without a list of hashes"),
        (b'{"ask": "have", "hashes": ["../lock"]}\n', "no SHA-256"),
        (b'{"ask": "job"}\n', "the job is no object"),
        (b'{"ask": "job", "job": {"job": "../../x"}}\n', "not the hash"),
    ],
)
def test_a_bad_ask_is_answered_and_survived(tmp_path: Path, ask: bytes, said: str) -> None:
    error, hello, _ = answers(tmp_path, ask, {"ask": "hello"})
    assert error["kind"] == "error" and said in error["message"] and hello["kind"] == "hello"


def test_a_damaged_journal_is_an_error(tmp_path: Path) -> None:
    store, job = device(tmp_path), seal(job_of([["a"]]))
    (store.jobs / f"{job['job']}.jsonl").write_bytes(b"garbage\n")
    error, _ = answers(tmp_path, {"ask": "job", "job": job})
    assert error["kind"] == "error" and f"{job['job']}.jsonl is damaged" in error["message"]


def test_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    error, _ = answers(tmp_path, {"ask": "job", "job": seal(job_of([["a"]]))})
    assert error["kind"] == "error" and "No space left on device" in error["message"]
    assert error["hint"].startswith("Make room on the device")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "agent").write_bytes(b"a file")
    error, _ = answers(tmp_path, {"ask": "have", "hashes": []})
    assert error["kind"] == "error" and "?dir=FOLDER" in error["hint"]


def test_a_device_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOCK_S", 0.0)
    other = Lock(device(tmp_path).folder / "lock")
    other.take(0, lambda message: None, lambda: False)
    error, _ = answers(tmp_path, {"ask": "have", "hashes": []})
    other.release()
    assert error["message"].startswith("Another measurement holds this device")


class Gone:
    """A host that asks for a job of one long stretch, and what becomes of the worker."""

    def __init__(self, folder: Path, silence_s: float = 60.0) -> None:
        device(folder)
        self.log = folder / "log"
        self.far, near = os.pipe()
        job = seal(job_of([["a"]], protocol={"wait_s": 1000, "log": str(self.log)}))
        self.near = os.fdopen(near, "wb")
        self.near.write(dump({"ask": "job", "job": job}))
        self.near.flush()
        host = Host(os.fdopen(self.far, "rb"), io.BytesIO(), silence_s)
        self.agent = Agent(host, Store(folder / "agent"), [sys.executable, str(worker_script(folder))])

    def serve(self, then: bytes | None, close: bool = False) -> None:
        """Serve; when the worker runs, the host sends `then`, or closes its end."""

        def wait() -> None:
            while not log_lines(self.log, "begin"):
                time.sleep(0.01)
            if then is not None:
                self.near.write(then)
                self.near.flush()
            if close:
                self.near.close()

        import threading

        thread = threading.Thread(target=wait)
        thread.start()
        self.agent.serve()
        thread.join()
        if not close:
            self.near.close()
        assert not psutil.pid_exists(pids(self.log)[0]) and self.agent.lock.handle is None


def test_the_worker_ends_with_the_connection(tmp_path: Path) -> None:
    Gone(tmp_path).serve(None, close=True)


def test_the_worker_ends_with_a_bye(tmp_path: Path) -> None:
    Gone(tmp_path).serve(dump({"ask": "bye"}))


def test_a_host_that_says_nothing_for_long_is_gone(tmp_path: Path) -> None:
    Gone(tmp_path, silence_s=0.3).serve(dump({"ask": "alive"}))


def test_a_line_that_never_ends_ends_the_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattnas.agent.lines.LIMIT", 100)
    sink = io.BytesIO()
    source = io.BytesIO(b"x" * (17 * 2**20))
    Agent(Host(source, sink), Store(tmp_path), []).serve()
    (error,) = lines_of(sink.getvalue())
    assert error["kind"] == "error" and "longer than" in error["message"]


@settings(max_examples=60)
@given(
    st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["ask", "hashes", "job"]),
        st.sampled_from(["hello", "have", "job", "bye", "alive", {}, [], None, 3, [3], ["x"], {"job": 1}]),
    ).map(dump)
)
def test_random_lines_are_answered_by_errors(line: bytes) -> None:
    import tempfile

    sink = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        Agent(Host(io.BytesIO(line + b"\n"), sink), Store(Path(folder)), []).serve()
    assert {said["kind"] for said in lines_of(sink.getvalue())} <= {"error", "hello", "missing", "bye"}
