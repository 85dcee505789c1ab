"""Parquet files in the Hugging Face image schema: images, labels, class names in the metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wattnas.data.sources.base import Bad, Content, Joined, Label, Source, SourceKind
from wattnas.data.sources.columns import IMAGE_COLUMNS, LABEL_COLUMNS, common_names, content_of, pick
from wattnas.data.sources.roles import Role, role_of, role_of_file, train_and_test
from wattnas.data.wording import one_line, shown
from wattnas.errors import DataError

_SUFFIXES = (".parquet", ".pq")
_SHARD = re.compile(r"^(?P<stem>.*)-(?P<index>\d{5})-of-(?P<total>\d{5})$")
_ROWS_AT_ONCE = 64
_HINT = "Give a Parquet file, or a folder with train*.parquet and, if there is one, test*.parquet."


@dataclass(frozen=True)
class ParquetFile:
    """The rows of one file; a file that cannot be read is a single bad entry.

    Attributes:
        metadata: the file's own, kept so that it is parsed once.
        names: class names in its metadata, where it has some.
    """

    path: Path
    image: str = ""
    labels: Sequence[Label] = (None,)
    metadata: Any = None
    names: tuple[str, ...] | None = None
    bad: Bad | None = None

    def name(self, index: int) -> str:
        return shown(str(self.path)) + ("" if self.bad else f" row {index}")

    def contents(self) -> Iterator[Content]:
        """One content per label; a row group that cannot be read gives its reason for each row left."""
        if self.bad is not None:
            yield self.bad
            return
        for group in range(self.metadata.num_row_groups):
            rows, done = self.metadata.row_group(group).num_rows, 0
            reason = Bad("is missing from its row group")
            try:
                for content in islice(self._group(group), rows):
                    yield content
                    done += 1
            except Exception as error:  # what the reader raises on damaged pages is not one family
                reason = Bad(f"cannot be read ({one_line(error)})")
            for _ in range(done, rows):
                yield reason

    def _group(self, group: int) -> Iterator[Content]:
        with self.path.open("rb") as file:
            reader = pq.ParquetFile(file, metadata=self.metadata)
            for batch in reader.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=[self.image]):
                yield from (content_of(cell) for cell in batch.column(0).to_pylist())


def _list_file(path: Path) -> ParquetFile:
    """Read the schema and the labels of a file, not its images."""
    try:
        with path.open("rb") as file:
            return _list_columns(path, pq.ParquetFile(file))
    except FileNotFoundError:
        return ParquetFile(path, bad=Bad("is missing, though other shards count it in"))
    except OSError as error:
        return ParquetFile(path, bad=Bad(f"cannot be read ({error.strerror or one_line(error)})"))
    except Exception as error:  # what the reader raises on damaged files is not one family
        return ParquetFile(path, bad=Bad(f"is damaged or no Parquet file ({one_line(error)})"))


def _list_columns(path: Path, reader: pq.ParquetFile) -> ParquetFile:
    schema = reader.schema_arrow
    image, label = pick(schema.names, IMAGE_COLUMNS, "image"), pick(schema.names, LABEL_COLUMNS, "label")
    if isinstance(image, Bad) or isinstance(label, Bad):
        return ParquetFile(
            path, bad=image if isinstance(image, Bad) else label if isinstance(label, Bad) else None
        )
    for column, fits, wanted in (
        (image, _holds_images, "images"),
        (label, _holds_labels, "integers or strings"),
    ):
        kind = schema.field(column).type
        if not fits(kind):
            return ParquetFile(
                path, bad=Bad(f"has {shown(str(kind))} in column {column!r} instead of {wanted}")
            )
    labels: list[Label] = reader.read(columns=[label]).column(0).to_pylist()
    rows = [reader.metadata.row_group(i).num_rows for i in range(reader.num_row_groups)]
    if len(labels) != sum(rows) or min(rows, default=0) < 0:
        return ParquetFile(path, bad=Bad("is damaged: it has not as many labels as it states rows"))
    return ParquetFile(path, image, labels, reader.metadata, _class_names(schema.metadata, label))


def _holds_images(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _holds_images(kind.field(index).type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _holds_labels(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_labels(kind.value_type)
    tests = (
        pa.types.is_integer,
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_null,
        pa.types.is_boolean,
    )
    return any(test(kind) for test in tests)


def _class_names(metadata: dict[bytes, bytes] | None, label: str) -> tuple[str, ...] | None:
    """The names of a ClassLabel column in the schema metadata that `datasets` writes."""
    if not metadata or b"huggingface" not in metadata:
        return None
    feature: Any = json.loads(metadata[b"huggingface"])
    for key in ("info", "features", label):
        feature = feature.get(key) if isinstance(feature, dict) else None
    names = feature.get("names") if isinstance(feature, dict) else None
    return tuple(shown(str(name)) for name in names) if isinstance(names, list) else None


def _files_in(folder: Path) -> list[Path]:
    try:
        paths = (p for p in folder.iterdir() if p.suffix in _SUFFIXES and not p.name.startswith("."))
        return sorted(p for p in paths if p.is_file())
    except OSError:
        return []


def _find(root: Path) -> list[Path]:
    """The Parquet files of a folder: its own, those of one sub-folder, or of train/, test/, ...

    Raises:
        DataError: they lie in several places that could each be the data set.
    """
    try:
        folders = [root, *sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))]
    except OSError:
        return []
    places = {folder: files for folder in folders if (files := _files_in(folder))}
    if len(places) > 1 and not all(role_of(folder.name) for folder in places):
        listed = ", ".join(shown(str(folder)) for folder in places)
        raise DataError(f"Parquet files lie in several folders: {listed}.", "Name one of these folders.")
    return [file for files in places.values() for file in files]


def _with_missing_shards(files: Sequence[Path]) -> list[Path]:
    """`files`, and the shards that they count in (00000-of-00002) and that are not there."""
    expected = set(files)
    for file in files:
        match = _SHARD.match(file.stem)
        if match:
            names = (
                f"{match['stem']}-{i:05d}-of-{match['total']}{file.suffix}"
                for i in range(int(match["total"]))
            )
            expected.update(file.with_name(name) for name in names)
    return sorted(expected)


def _open(name: str) -> Source:
    root = Path(name)
    if not root.is_dir():
        return _source([root], [], [])
    found: dict[Role | None, list[Path]] = {}
    for path in _with_missing_shards(_find(root)):
        role = role_of_file(path.stem) or (role_of(path.parent.name) if path.parent != root else None)
        found.setdefault(role, []).append(path)
    other = found.pop(None, [])
    if "train" not in found:
        found["train"], other = other, []
    train, test = train_and_test({role: paths for role, paths in found.items() if role is not None})
    if not train or not found["train"]:
        raise DataError(f"{shown(name)} has no Parquet file to train on.", _HINT)
    return _source(train, test, other)


def _source(train: Sequence[Path], test: Sequence[Path], other: Sequence[Path]) -> Source:
    parts = [[_list_file(path) for path in paths] for paths in (train, test)]
    names = common_names(file.names for files in parts for file in files)
    if isinstance(names, Bad):
        raise DataError(
            f"{shown(str(test[0] if test else train[-1]))} {names.reason}.",
            "Write all files with the same ClassLabel.",
        )
    beside = tuple(f"{shown(str(path))}: is a Parquet file for neither training nor test" for path in other)
    return Source(Joined(parts[0]), Joined(parts[1]) if test else None, names, beside=beside)


def _accepts(name: str) -> bool:
    path = Path(name)
    return path.is_file() or (path.is_dir() and bool(_find(path)))


PARQUET = SourceKind("a Parquet file or a folder of them", _accepts, _open)
