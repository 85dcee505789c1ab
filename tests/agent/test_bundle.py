"""The agent's one file: the same bytes everywhere, only what travels in it, and a word to old Pythons."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

import wattnas
from wattnas.agent.bundle import make_bundle

SOURCE = Path(wattnas.__file__).parent


def test_what_is_inside() -> None:
    bundle = make_bundle()
    names = zipfile.ZipFile(io.BytesIO(bundle.content)).namelist()
    ours = {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "agent").rglob("*.py")}
    ours |= {"__init__.py", "errors.py", "files.py", "machine.py"}
    assert set(names) == {"__main__.py", *(f"wattnas/{name}" for name in ours - {"agent/bundle.py"})}
    assert bundle.content.startswith(b"#!/usr/bin/env python3\nPK")


def test_the_same_sources_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_bundle()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setattr(os, "umask", lambda mask: 0)
    assert make_bundle() == first
    assert first.name == f"wattnas-agent-{hashlib.sha256(first.content).hexdigest()[:12]}.pyz"
    assert make_bundle({"agent/work.py": ""}).name != first.name


def test_every_file_in_it_compiles() -> None:
    archive = zipfile.ZipFile(io.BytesIO(make_bundle().content))
    assert archive.testzip() is None
    for name in archive.namelist():
        compile(archive.read(name), name, "exec")


def test_an_old_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import json
    import sys

    program = zipfile.ZipFile(io.BytesIO(make_bundle().content)).read("__main__.py")
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))
    variables: dict[str, Any] = {}
    with pytest.raises(SystemExit) as caught:
        exec(compile(program, "__main__.py", "exec"), variables)
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "error" and "is 3.8, and the agent needs 3.9" in said["message"]
    assert caught.value.code == 3
