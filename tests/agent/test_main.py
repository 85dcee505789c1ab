"""The agent's own command line, from its one file and from the sources."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.stand_in import lines_of, sha256, stand_in_bundle
from wattnas.agent.__main__ import main, own_command
from wattnas.agent.lock import Lock
from wattnas.agent.store import Store


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = stand_in_bundle()
    path = tmp_path_factory.mktemp("agent") / bundle.name
    path.write_bytes(bundle.content)
    return path


def run(agent: Path, *words: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, str(agent), *words], input=said, capture_output=True, timeout=60)


def test_it_serves_from_one_file(agent: Path, tmp_path: Path) -> None:
    done = run(agent, "serve", "--folder", str(tmp_path / "a"), said=b'{"ask":"hello"}\n{"ask":"bye"}\n')
    hello, bye = lines_of(done.stdout)
    assert hello["folder"] == str(tmp_path / "a") and bye == {"kind": "bye"}
    assert done.returncode == 0 and done.stderr == b"" and done.stdout.startswith(b"\n{")


def test_it_works_from_one_file(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps({"task": "energy", "item": "a", "meter": "replay"}))
    done = run(agent, "work", str(tmp_path / "task.json"))
    assert json.loads(done.stdout)["joules"] == 2.5


def test_an_unknown_command_is_no_command(agent: Path) -> None:
    assert run(agent, "exec", "rm").returncode == 2 and run(agent).returncode == 2


def test_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.prepare()
    (store.files / sha256(b"a")).write_bytes(b"a" * 10**6)
    assert main(["clean", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"1 files removed, 1.0 MB, from {tmp_path}\n"
    monkeypatch.setattr("wattnas.agent.__main__._LOCK_S", 0.0)
    lock = Lock(tmp_path / "lock")
    lock.take(0, lambda message: None, lambda: False)
    assert main(["clean", "--folder", str(tmp_path)]) == 2
    assert "Another measurement holds this device" in capsys.readouterr().err
    lock.release()


def test_from_the_sources_it_starts_itself_as_a_module() -> None:
    assert own_command() == [sys.executable, "-m", "wattnas.agent"]
    done = subprocess.run([*own_command(), "--help"], capture_output=True, timeout=60)
    assert b"probe" in done.stdout
