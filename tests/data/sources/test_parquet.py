from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.make import colour_png, write, write_parquet
from tests.data.sources.conformance import check_source
from wattnas.data.sources import Bad, Source
from wattnas.data.sources.parquet import PARQUET
from wattnas.errors import DataError

IMAGES = [b"image %d" % i for i in range(6)]
LABELS = [0, 1, 0, 1, 0, 1]
NAMES = ["cat", "dog"]


def opened(path: Path) -> Source:
    source = PARQUET.open(str(path))
    check_source(source)
    return source


def reasons(source: Source) -> list[str]:
    """Name (without folder) and reason of each bad training entry."""
    contents = enumerate(source.train.contents())
    return [
        f"{Path(source.train.name(i)).name}: {content.reason}"
        for i, content in contents
        if isinstance(content, Bad)
    ]


def test_one_file_in_the_hugging_face_schema(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "x.parquet", IMAGES, LABELS, names=NAMES, rows_per_group=4)
    source = opened(path)
    assert source.classes == ("cat", "dog")
    assert source.test is None
    assert list(source.train.contents()) == IMAGES
    assert list(source.train.labels) == LABELS
    assert source.train.name(5) == f"{path} row 5"


def test_a_single_file_takes_nothing_from_beside_it(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test.parquet", IMAGES, LABELS)
    assert opened(write_parquet(tmp_path / "train.parquet", IMAGES, LABELS)).test is None


@pytest.mark.parametrize("image", ["image", "img"])
@pytest.mark.parametrize("label", ["label", "labels", "fine_label"])
def test_other_column_names(tmp_path: Path, image: str, label: str) -> None:
    path = write_parquet(tmp_path / "x.parquet", IMAGES, LABELS, names=NAMES, columns=(image, label))
    assert opened(path).classes == ("cat", "dog")
    assert list(opened(path).train.contents()) == IMAGES


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["b", "a", "b", None, "", "a"], pa.string()),
        (["b", "a", "b", None, "", "a"], pa.large_string()),
        (["b", "a", "b", None, "", "a"], pa.dictionary(pa.int32(), pa.string())),
        ([3, 1, None, 2, 1, 3], pa.uint8()),
        ([True, False, True, False, None, True], pa.bool_()),
    ],
)
def test_labels_of_other_types_come_as_they_are(tmp_path: Path, labels: list[Any], kind: Any) -> None:
    source = opened(write_parquet(tmp_path / "x.parquet", IMAGES, labels, label_type=kind))
    assert source.classes is None
    assert list(source.train.labels) == labels


def test_an_image_column_of_plain_bytes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": IMAGES, "label": LABELS}), tmp_path / "x.parquet")
    assert list(opened(tmp_path / "x.parquet").train.contents()) == IMAGES


def test_rows_without_image_are_bad(tmp_path: Path) -> None:
    cells = [b"x", None, {"bytes": None, "path": "/etc/hostname"}, {"bytes": None, "path": None}]
    assert reasons(opened(write_parquet(tmp_path / "x.parquet", cells, [0, 1, 0, 1]))) == [
        "x.parquet row 1: holds no image",
        "x.parquet row 2: holds the path of an image, not the image",
        "x.parquet row 3: holds no image",
    ]


def names(source: Source) -> tuple[list[str], list[str]]:
    """Which files the training and the test entries are from."""
    parts = [source.train, source.test]
    first, second = (
        [] if part is None else [part.name(i).split("/")[-1] for i in range(len(part.labels))]
        for part in parts
    )
    return first, second


@pytest.mark.parametrize("folder", ["", "data", "plain_text"])
def test_shards_by_name_in_a_folder_or_one_sub_folder(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    for i, name in enumerate(("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")):
        write_parquet(place / f"{name}.parquet", [IMAGES[i]], [LABELS[i]])
    write(tmp_path / "README.md", b"x")
    assert names(opened(tmp_path)) == (
        ["train-00000-of-00002.parquet row 0", "train-00001-of-00002.parquet row 0"],
        ["test-00000-of-00001.parquet row 0"],
    )


@pytest.mark.parametrize(
    ("files", "train", "test"),
    [
        (["train", "test"], ["train"], ["test"]),
        (["train", "validation"], ["train"], ["validation"]),
        (["train", "validation", "test"], ["train", "validation"], ["test"]),
        (["0000", "0001"], ["0000", "0001"], []),
        (["pets", "test"], ["pets"], ["test"]),
        (["train/0000", "test/0000"], ["0000"], ["0000"]),
    ],
)
def test_parts_by_name(tmp_path: Path, files: list[str], train: list[str], test: list[str]) -> None:
    for name in files:
        write_parquet(tmp_path / f"{name}.parquet", IMAGES[:1], LABELS[:1])
    expected = tuple([f"{name}.parquet row 0" for name in part] for part in (train, test))
    assert names(opened(tmp_path)) == expected


def test_files_of_neither_part_are_told(tmp_path: Path) -> None:
    for name in ("train", "unsupervised"):
        write_parquet(tmp_path / f"{name}.parquet", IMAGES, LABELS)
    expected = f"{tmp_path / 'unsupervised.parquet'}: is a Parquet file for neither training nor test"
    assert opened(tmp_path).beside == (expected,)


def test_a_missing_shard_is_bad(tmp_path: Path) -> None:
    for index in (0, 2):
        write_parquet(tmp_path / f"train-0000{index}-of-00003.parquet", IMAGES, LABELS)
    assert reasons(opened(tmp_path)) == [
        "train-00001-of-00003.parquet: is missing, though other shards count it in"
    ]


def test_files_in_several_places_are_refused(tmp_path: Path) -> None:
    for folder in ("small", "large"):
        write_parquet(tmp_path / folder / "train.parquet", IMAGES, LABELS)
    with pytest.raises(DataError, match=r"lie in several folders: .*large, .*small\. Name one of these"):
        PARQUET.accepts(str(tmp_path))


def test_test_files_alone_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test.parquet", IMAGES, LABELS)
    with pytest.raises(DataError, match="has no Parquet file to train on"):
        PARQUET.open(str(tmp_path))


def test_class_names_that_differ_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train.parquet", IMAGES, LABELS, names=["cat", "dog"])
    write_parquet(tmp_path / "test.parquet", IMAGES, LABELS, names=["dog", "cat"])
    with pytest.raises(DataError, match=r"test\.parquet declares other class names"):
        PARQUET.open(str(tmp_path))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (
            {"picture": IMAGES, "label": LABELS},
            "has no image column (image or img); its columns: picture, label",
        ),
        ({"image": IMAGES}, "has no label column (label or labels or fine_label); its columns: image"),
        ({"image": LABELS, "label": LABELS}, "has int64 in column 'image' instead of images"),
        (
            {"image": IMAGES, "label": [0.5] * 6},
            "has double in column 'label' instead of integers or strings",
        ),
        ({"image": IMAGES, "label": [[0, 1]] * 6}, "in column 'label' instead of integers or strings"),
    ],
)
def test_files_without_the_columns_are_bad(tmp_path: Path, table: dict[str, Any], reason: str) -> None:
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    found = reasons(opened(tmp_path / "x.parquet"))
    assert len(found) == 1
    assert found[0].startswith("x.parquet: has ")
    assert reason in found[0]


def test_truncated_and_foreign_files_are_bad(tmp_path: Path) -> None:
    whole = write_parquet(tmp_path / "x.parquet", IMAGES, LABELS).read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-1], b"", b"PK\x03\x04 a zip file", whole[:4]):
        write(tmp_path / "x.parquet", content)
        found = reasons(opened(tmp_path / "x.parquet"))
        assert len(found) == 1
        assert found[0].startswith("x.parquet: is damaged or no Parquet file (")


def test_class_names_that_cannot_be_read_make_the_file_bad(tmp_path: Path) -> None:
    table = pa.table({"image": IMAGES, "label": LABELS}).replace_schema_metadata({"huggingface": "{not JSON"})
    pq.write_table(table, tmp_path / "x.parquet")
    assert "is damaged" in reasons(opened(tmp_path / "x.parquet"))[0]


def test_metadata_of_other_shapes_declares_no_names(tmp_path: Path) -> None:
    for metadata in ("[]", "{}", '{"info": 3}', '{"info": {"features": {"label": {"names": 3}}}}'):
        table = pa.table({"image": IMAGES, "label": LABELS}).replace_schema_metadata(
            {"huggingface": metadata}
        )
        pq.write_table(table, tmp_path / "x.parquet")
        assert opened(tmp_path / "x.parquet").classes is None


def test_a_damaged_row_group_makes_its_rows_bad_and_no_others(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "x.parquet", [colour_png(i) for i in range(6)], LABELS, rows_per_group=2)
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    found = reasons(opened(path))
    assert [reason.split(": ")[0] for reason in found] == ["x.parquet row 2", "x.parquet row 3"]
    assert all("cannot be read (" in reason for reason in found)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damaged_files_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("p") / "x.parquet"
    content = bytearray(write_parquet(path, IMAGES, LABELS, names=NAMES, rows_per_group=3).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(DataError):
        opened(path)
