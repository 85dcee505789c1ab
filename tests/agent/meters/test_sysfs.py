from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.meters import sysfs
from wattnas.agent.meters.base import Hiccup
from wattnas.agent.meters.sysfs import folders, read_count, read_number
from wattnas.errors import MeterError


@pytest.mark.parametrize(
    ("text", "number"), [("7\n", 7), (" 0 ", 0), ("-12\n", -12), ("18446744073709551615", 2**64 - 1)]
)
def test_a_number_is_read(tmp_path: Path, text: str, number: int) -> None:
    (tmp_path / "n").write_text(text)
    assert read_number(tmp_path / "n") == number


@pytest.mark.parametrize("text", ["", "garbage", "1.5", "ü", "1_000", "0x10", "1 2", "٣", "9" * 30, "+5"])
def test_what_is_no_number_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "n").write_text(text, encoding="utf-8")
    with pytest.raises(MeterError, match="holds no number"):
        read_number(tmp_path / "n")


def test_a_count_is_not_below_nothing(tmp_path: Path) -> None:
    (tmp_path / "n").write_text("-1")
    with pytest.raises(MeterError, match="below 0"):
        read_count(tmp_path / "n")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="is missing"):
        read_number(tmp_path / "n")


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, MeterError, "permission denied"),
        (errno.EPERM, MeterError, "permission denied"),
        (errno.EIO, Hiccup, "cannot be read"),
    ],
)
def test_what_the_kernel_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[MeterError], words: str
) -> None:
    def refuse(path: Path) -> str:
        raise OSError(number, "no", str(path))

    monkeypatch.setattr(sysfs, "read_text", refuse)  # file modes do not stop root
    with pytest.raises(MeterError, match=words) as caught:
        read_number(tmp_path / "n", "grant it")
    assert type(caught.value) is kind
    assert (caught.value.hint == "grant it") is (words == "permission denied")


def test_folders_of_a_place_that_is_not_there(tmp_path: Path) -> None:
    assert folders(tmp_path / "none", "*") == []


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_number_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    with suppress(MeterError):
        assert isinstance(read_number(path), int)
