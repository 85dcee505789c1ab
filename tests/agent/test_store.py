"""The agent's folder: what arrives is checked, and only hashes become file names."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.stand_in import sha256
from wattnas.agent.store import Store, default_folder, is_hash, sha256_of
from wattnas.errors import DeviceError

CONTENT = b"a network" * 1000
NAME = sha256(CONTENT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "agent")
    found.prepare()
    return found


def test_what_arrived_is_taken_in(store: Store) -> None:
    assert store.lacks([NAME]) == [NAME]
    (store.incoming / f"{NAME}.gz").write_bytes(gzip.compress(CONTENT))
    assert store.lacks([NAME]) == []
    assert store.file(NAME).read_bytes() == CONTENT and sha256_of(store.file(NAME)) == NAME
    assert list(store.incoming.iterdir()) == []


@pytest.mark.parametrize(
    "sent",
    [
        gzip.compress(CONTENT)[:-1],
        gzip.compress(CONTENT)[:20],
        b"",
        b"no gzip",
        gzip.compress(b"another"),
        b"\x1f\x8b\x08",
    ],
)
def test_what_arrived_damaged_counts_as_not_sent(store: Store, sent: bytes) -> None:
    (store.incoming / f"{NAME}.gz").write_bytes(sent)
    assert store.lacks([NAME]) == [NAME]
    assert list(store.incoming.iterdir()) == list(store.files.iterdir()) == []


@given(st.binary(max_size=60))
def test_random_bytes_are_no_network(sent: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.prepare()
        (store.incoming / f"{NAME}.gz").write_bytes(sent)
        assert store.lacks([NAME]) == [NAME]


def test_strange_names_on_their_way_are_removed(store: Store) -> None:
    (store.incoming / "evil.gz").write_bytes(gzip.compress(CONTENT))
    assert store.lacks([]) == []
    assert list(store.incoming.iterdir()) == list(store.files.iterdir()) == []


def test_a_damaged_file_is_refused_and_removed(store: Store) -> None:
    (store.files / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(DeviceError, match="is damaged on the device"):
        store.file(NAME)
    with pytest.raises(DeviceError, match="is not on the device"):
        store.file(NAME)


@pytest.mark.parametrize("name", ["", "../lock", NAME.upper(), NAME[:-1], NAME + "\n", f"{NAME}/..", 3, None])
def test_only_hashes_become_paths(store: Store, name: str) -> None:
    assert not is_hash(name)
    with pytest.raises(DeviceError, match="no SHA-256"):
        store.file(name)
    with pytest.raises(DeviceError, match="no SHA-256"):
        store.lacks([name])


def test_clean_leaves_what_is_not_ours(store: Store, tmp_path: Path) -> None:
    (store.files / NAME).write_bytes(CONTENT)
    (store.jobs / "ab.jsonl").write_bytes(b"1234")
    (store.folder / "wattnas-agent-123.pyz").write_bytes(b"12")
    (store.folder / "lock").touch()
    (tmp_path / "mine").touch()
    assert store.clean() == (3, len(CONTENT) + 6)
    assert [path.name for path in store.folder.iterdir()] == ["lock"] and (tmp_path / "mine").exists()
    assert store.clean() == (0, 0)


def test_free_space_is_known_before_the_folder_is_made(tmp_path: Path) -> None:
    assert Store(tmp_path / "not" / "yet").free_bytes() > 0


def test_the_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "wattnas" / "agent"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "wattnas" / "agent"
