"""Journals: kept, cut off, damaged, of another job."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.stand_in import lines_of
from wattnas.agent.journal import Journal
from wattnas.errors import DeviceError

HEADER = {"job": "ab12", "agent": 1}
HEAD = b'{"kind":"journal","job":"ab12","agent":1}\n'


def entry(index: int) -> dict[str, object]:
    return {"kind": "stretch", "index": index, "x": 0.5}


def test_results_are_there_again(tmp_path: Path) -> None:
    first = Journal(tmp_path / "jobs" / "a.jsonl", HEADER)
    first.append(entry(0))
    first.append(entry(1))
    again = Journal(first.path, HEADER)
    assert again.entries == first.entries == [entry(0), entry(1)] and not again.replaced
    assert lines_of(first.path.read_bytes())[0] == {"kind": "journal", **HEADER}


@pytest.mark.parametrize("torn", [b'{"kind":"stre', b"\0\0\0\0", b"{", b"\xff\xfe"])
def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path, HEADER).append(entry(0))
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    journal = Journal(path, HEADER)
    assert journal.entries == [entry(0)] and path.read_bytes() == whole
    journal.append(entry(1))
    assert Journal(path, HEADER).entries == [entry(0), entry(1)]


def test_every_cut_of_a_journal_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path, HEADER)
    for index in range(3):
        journal.append(entry(index))
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = whole[:size].count(b"\n")
        assert Journal(path, HEADER).entries == [entry(index) for index in range(kept - 1)]


@pytest.mark.parametrize(
    "line",
    [b"garbage\n", b"\n", b"[]\n", b'{"kind":"stretch"}\n', b'{"kind":"stretch","index":"0"}\n', b"\0\n"],
)
def test_a_damaged_line_is_an_error_that_names_the_file(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path, HEADER).append(entry(0))
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(DeviceError, match=r"^Line 3 of .*a\.jsonl is damaged\."):
        Journal(path, HEADER)


def test_another_runtime_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path, HEADER).append(entry(0))
    other = Journal(path, {**HEADER, "onnxruntime": "1.21"})
    assert other.replaced and other.entries == []
    assert len(path.read_bytes().splitlines()) == 1


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "a.jsonl", HEADER)
    journal.append(entry(0))
    before = journal.path.read_bytes()
    sync = os.fsync

    def full(handle: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        journal.append(entry(1))
    assert journal.path.read_bytes() == before and journal.entries == [entry(0)]


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([HEAD, b'{"kind":"stretch","index":0}\n', b"{}", b"\n"])).map(b"".join)
)
def test_random_files_end_in_our_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(content)
        try:
            journal = Journal(path, HEADER)
        except DeviceError as error:
            assert "a.jsonl" in error.message
        else:
            journal.append(entry(9))
            assert Journal(path, HEADER).entries[-1] == entry(9)
