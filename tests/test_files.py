from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.errors import ConfigError
from wattnas.files import content_hash, replacing, user_cache, write_bytes, write_json, write_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"
    write_text(path, "first é\r\n")
    assert path.read_bytes() == "first é\r\n".encode()
    write_bytes(path, b"\x00second")
    assert path.read_bytes() == b"\x00second"
    assert names(path.parent) == ["file.txt"]


def test_an_exception_inside_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="halfway"), replacing(path) as part:
        part.write_text("half of the n")
        raise RuntimeError("halfway")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_an_exception_inside_makes_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "file.txt") as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with replacing(path) as part:
        part.write_text("new")
        assert part.parent == path.parent
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace files that are open")
def test_whoever_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with path.open() as reader:
        write_text(path, "new and longer")
        assert reader.read() == "old"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this platform")
def test_a_kill_inside_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    program = (
        "import os, pathlib, signal, sys; from wattnas.files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


@pytest.mark.parametrize("bad", [math.nan, math.inf, {"a": [1, -math.inf]}, object(), "\ud800"])
def test_what_json_cannot_say_leaves_the_old_file(tmp_path: Path, bad: object) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json(path, bad)
    assert json.loads(path.read_text()) == {"old": 1}
    assert names(tmp_path) == ["file.json"]


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "taken" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_text(tmp_path / "taken", "text")
    assert names(tmp_path) == ["taken"]


def test_json_is_indented_utf8_with_a_last_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"é": [1]})
    assert (tmp_path / "file.json").read_bytes() == '{\n  "é": [\n    1\n  ]\n}\n'.encode()


def test_content_hash_is_the_first_half_of_sha256_of_canonical_json() -> None:
    """Known from `printf '{"a":[1,2.5,null,true],"b":"\\u00e9"}' | sha256sum`."""
    assert content_hash({"b": "é", "a": (1, 2.5, None, True)}) == "c66fca9242300f12"


@given(json_values)
def test_content_hash_survives_a_file(value: object) -> None:
    again = json.loads(json.dumps(value))
    found = content_hash(again)
    assert content_hash(value) == found
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2, max_size=5))
def test_content_hash_does_not_see_the_order_of_keys(value: dict[str, int]) -> None:
    assert content_hash(dict(reversed(value.items()))) == content_hash(value)


@given(st.text(), st.text())
def test_content_hash_tells_texts_apart(one: str, other: str) -> None:
    assert (content_hash(one) == content_hash(other)) == (one == other)


def test_content_hash_of_a_text_is_that_of_its_quoted_form() -> None:
    assert content_hash("a") == hashlib.sha256(b'"a"').hexdigest()[:16]


def test_the_cache_lies_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "wattnas"
    assert names(tmp_path) == []  # asking makes nothing


@pytest.mark.parametrize("named", ["", "relative/path"])
def test_else_it_lies_in_the_home_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    """The XDG base directory specification: relative paths are to be ignored."""
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert user_cache() == tmp_path / ".cache" / "wattnas"


def test_without_a_home_directory_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigError, match="XDG_CACHE_HOME"):
        user_cache()
