"""Small images, folders and Parquet files, made where a test needs them."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from PIL import Image

from wattnas.data import Dataset, ImageSet

SHARED = Path(__file__).parents[2].parent / "shared"


def same(channels: int, side: int) -> tuple[int, int]:
    """A `choose` that leaves everything as it is."""
    return channels, side


def pixels(seed: int, *shape: int) -> NDArray[np.uint8]:
    """Random uint8 values."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encoded(image: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
    return stream.getvalue()


def colour_png(seed: int, side: int = 8) -> bytes:
    """A random colour image that no other seed gives."""
    return encoded(pixels(seed, side, side, 3))


def grey_png(seed: int, side: int = 8) -> bytes:
    """A random grey image that no other seed gives."""
    return encoded(pixels(seed, side, side))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG file that states a size and holds next to no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def write(path: Path, content: bytes) -> Path:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_folder(root: Path, counts: dict[str, int], first_seed: int = 0) -> Path:
    """`counts[class]` colour images per class folder."""
    seed = first_seed
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            write(root / name / f"{index:03d}.png", colour_png(seed))
            seed += 1
    return root


def write_parquet(
    path: Path,
    images: Sequence[Any],
    labels: Sequence[Any],
    *,
    names: Sequence[str] | None = None,
    columns: tuple[str, str] = ("image", "label"),
    label_type: Any = None,
    rows_per_group: int = 1000,
) -> Path:
    """A Parquet file in the Hugging Face image schema."""
    struct_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = [{"bytes": image, "path": None} if isinstance(image, bytes) else image for image in images]
    table = pa.table({columns[0]: pa.array(cells, struct_type), columns[1]: pa.array(labels, label_type)})
    if names is not None:
        features = {columns[0]: {"_type": "Image"}, columns[1]: {"names": list(names), "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=rows_per_group)
    return path


def numbered(ids: Sequence[int], labels: Sequence[int]) -> ImageSet:
    """Grey 2x2 images that show their number; equal numbers are identical images."""
    values = torch.tensor([[i % 256, i // 256, 7, 255] for i in ids], dtype=torch.uint8)
    return ImageSet(values.view(-1, 1, 2, 2), torch.tensor(labels, dtype=torch.int64))


def numbers(images: ImageSet) -> list[int]:
    """What `numbered` made them show."""
    rows = images.images.flatten(1).to(torch.int64)
    return [int(low + 256 * high) for low, high in rows[:, :2].tolist()]


def dataset(train: ImageSet, test: ImageSet | None = None) -> Dataset:
    """A data set of given images; class i is called "c<i>"."""
    classes = tuple(f"c{i}" for i in range(int(train.labels.max()) + 1))
    return Dataset("made", classes, train, test, "0" * 16, True, (), (1, 2))
