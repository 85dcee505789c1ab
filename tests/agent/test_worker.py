"""Workers: their answers, their crashes, and their end when nobody waits."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.agent.stand_in import log_lines, pids, worker_script
from wattnas.agent.worker import HostGone, Worker, WorkerError


def python(program: str, folder: Path, limit_s: float = 60) -> Worker:
    """A worker that runs `program`; the path of its task is `sys.argv[1]`."""
    return Worker([sys.executable, "-c", f"import os, sys, time\n{program}"], folder, limit_s=limit_s)


def never() -> bool:
    return False


def test_the_last_line_is_the_result(tmp_path: Path) -> None:
    worker = python("print('loaded'); print(open(sys.argv[1]).read()); print()", tmp_path)
    assert worker.run({"kind": "echo", "x": 1.5}, never) == {"kind": "echo", "x": 1.5}


def test_telemetry_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    said = "print('{\"off\":' + os.environ['ORT_DISABLE_TELEMETRY'] + '}')"
    assert python(said, tmp_path).run({}, never) == {"off": 1}


def test_an_error_of_the_worker_is_passed_on(tmp_path: Path) -> None:
    said = """print('{"kind":"error","message":"No meter.","hint":"Buy one."}'); sys.exit(1)"""
    with pytest.raises(WorkerError) as caught:
        python(said, tmp_path).run({}, never)
    assert (caught.value.message, caught.value.hint, caught.value.crashed) == ("No meter.", "Buy one.", False)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("1 / 0", "ended with code 1: ZeroDivisionError: division by zero"),
        ("os.kill(os.getpid(), 9)", "ended with SIGKILL: it said nothing"),
        ("os.kill(os.getpid(), 11)", "ended with SIGSEGV: it said nothing"),
        ("pass", "ended with code 0: it said nothing"),
        ("print('garbage')", "is no JSON line"),
        ("print('[1]')", "is no JSON object"),
        ("print('{\"a\": NaN}')", "is no JSON line"),
        ("sys.stdout.buffer.write(bytes(range(256)))", "is no JSON line"),
        (
            "print('{\"kind\": \"stretch\"}'); sys.stderr.write('oh no'); sys.exit(3)",
            "ended with code 3: oh no",
        ),
    ],
)
def test_a_crash_is_told_with_its_last_words(tmp_path: Path, program: str, reason: str) -> None:
    with pytest.raises(WorkerError, match=reason) as caught:
        python(program, tmp_path).run({}, never)
    assert caught.value.crashed
    assert ("out of memory" in caught.value.hint) == ("9" in program)


def test_a_worker_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="did not end within 0 s"):
        python("time.sleep(1000)", tmp_path, limit_s=0.1).run({}, never)


def test_nobody_waits_any_more(tmp_path: Path) -> None:
    log = tmp_path / "log"
    worker = Worker([sys.executable, str(worker_script(tmp_path))], tmp_path)
    task = {"task": "time", "items": {"a": __file__}, "protocol": {"wait_s": 1000, "log": str(log)}}
    with pytest.raises(HostGone):
        worker.run(task, lambda: log_lines(log, "begin") == ["a"])
    assert not psutil.pid_exists(pids(log)[0])


def test_what_the_worker_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = (
        "import subprocess; child = subprocess.Popen(['sleep', '1000'])\n"
        f"open({str(mark)!r}, 'w').write(str(child.pid) + '.'); time.sleep(1000)"
    )
    with pytest.raises(HostGone):
        python(program, tmp_path).run({}, lambda: mark.exists() and mark.read_text().endswith("."))
    child = int(mark.read_text()[:-1])
    deadline = time.monotonic() + 20
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
