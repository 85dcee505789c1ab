"""Rows with an image and a label: which columns they are in, what a cell holds. For Parquet and hub data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from wattnas.data.sources.base import Bad, Content
from wattnas.data.wording import shown

IMAGE_COLUMNS = ("image", "img")
LABEL_COLUMNS = ("label", "labels", "fine_label")


def pick(columns: Sequence[str], wanted: Sequence[str], what: str) -> str | Bad:
    """The first wanted column that there is."""
    for name in wanted:
        if name in columns:
            return name
    have = ", ".join(shown(name) for name in columns[:10]) or "none"
    return Bad(f"has no {what} column ({' or '.join(wanted)}); its columns: {have}")


def content_of(cell: Any, folder: Path | None = None) -> Content:
    """What an image cell holds: a decoded image, bytes, or {"bytes", "path"} as Hugging Face stores them.

    Args:
        cell: of any type; what is no image gives a reason.
        folder: where a path without bytes may be followed from; None where it may not.
    """
    if isinstance(cell, bytes | Image.Image):
        return cell
    if cell is None:
        return Bad("holds no image")
    if not isinstance(cell, dict):
        return Bad(f"holds a {type(cell).__name__} where an image should be")
    if isinstance(cell.get("bytes"), bytes):
        return bytes(cell["bytes"])
    path = cell.get("path")
    if isinstance(path, str):
        return Bad("holds the path of an image, not the image") if folder is None else folder / path
    return Bad("holds no image")


def common_names(found: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | Bad | None:
    """The class names that all parts declare; parts that declare none go along with the others."""
    declared = {names for names in found if names is not None}
    if len(declared) > 1:
        return Bad("declares other class names than its other parts")
    return next(iter(declared), None)
