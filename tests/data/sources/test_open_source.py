from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.data.make import write, write_folder, write_parquet
from wattnas.data.sources import Bad, open_source
from wattnas.errors import DataError, MissingExtraError


def test_each_kind_is_told_by_its_name(tmp_path: Path) -> None:
    assert len(open_source("digits").train.labels) == 1797
    write_folder(tmp_path / "folder", {"cat": 1, "dog": 1})
    assert open_source(str(tmp_path / "folder")).classes == ("cat", "dog")
    write_parquet(tmp_path / "parquet" / "train.parquet", [b"x"], ["cat"])
    for name in ("parquet", "parquet/train.parquet"):
        assert list(open_source(str(tmp_path / name)).train.labels) == ["cat"]


def test_what_lies_here_comes_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "owner" / "pets", {"cat": 1, "dog": 1})
    assert open_source("owner/pets").classes == ("cat", "dog")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match="'owner/cars' is no file or folder here"):
        open_source("owner/cars")


@pytest.mark.parametrize(
    "name", ["", "cifar", "/no/such/place", "a b", "x" * 5000, "nul\0byte", "a/b/c", "\udcff"]
)
def test_other_names_are_refused_with_what_is_accepted(name: str) -> None:
    with pytest.raises(DataError) as caught:
        open_source(name)
    assert (
        "`digits` (bundled), a Parquet file or a folder of them, a folder of class sub-folders or a hub name"
        in str(caught.value)
    )
    assert str(caught.value).isprintable()


def test_other_files_are_bad_parquet(tmp_path: Path) -> None:
    source = open_source(str(write(tmp_path / "pets.zip", b"PK\x03\x04")))
    content = next(source.train.contents())
    assert isinstance(content, Bad)
    assert "no Parquet file" in content.reason
