"""A folder of class sub-folders, with or without train/ and test/."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wattnas.data.sources.base import Bad, Entry, ListPart, Source, SourceKind
from wattnas.data.sources.roles import Role, role_of, train_and_test
from wattnas.data.wording import one_line, shown
from wattnas.errors import DataError

_IMAGE_SUFFIX = re.compile(
    r"\.(a?png|avif|bmp|gif|hei[cf]|jfif|jp2|jpe?g?|p[bgnp]m|tiff?|webp)$", re.IGNORECASE
)
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_LAYOUT = "Put the images into FOLDER/CLASS/, or into FOLDER/train/CLASS/ and FOLDER/test/CLASS/."


@dataclass(frozen=True)
class _Level:
    """What lies in a folder that should hold class folders."""

    path: Path
    folders: list[Path] = field(default_factory=list)
    strays: list[Entry] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def _open(name: str) -> Source:
    root = _scan(Path(name))
    found: dict[Role, list[Path]] = {}
    for path in root.folders:
        role = role_of(path.name)
        if role is not None:
            found.setdefault(role, []).append(path)
    # A folder called `train` or `test` is a part if it holds folders, a class if it holds images (of trains).
    parts = [path for paths in found.values() for path in paths if _scan(path).folders]
    if not any(role_of(path.name) == "train" for path in parts):
        if parts:
            raise DataError(f"{shown(str(parts[0]))} holds class folders, but no train/ does.", _LAYOUT)
        return _source(root, [root], [])
    train, test = train_and_test(found)
    other = [p for p in root.folders if role_of(p.name) is None]
    root.beside.extend(f"{shown(str(p))}: is a folder beside the training and test folders" for p in other)
    return _source(root, [_scan(path) for path in train], [_scan(path) for path in test])


def _source(root: _Level, train: Sequence[_Level], test: Sequence[_Level]) -> Source:
    levels = [root, *(level for level in (*train, *test) if level is not root)]
    if not any(level.folders for level in train):
        raise DataError(f"{shown(str(train[0].path))} holds no class folders.", _LAYOUT)
    strays = ListPart([entry for level in levels for entry in level.strays])
    return Source(
        ListPart([*strays.entries, *_entries(train)]),
        ListPart(_entries(test)) if test else None,
        classes=tuple(sorted({shown(path.name) for level in train for path in level.folders})),
        beside=tuple(line for level in levels for line in level.beside),
    )


def _entries(levels: Sequence[_Level]) -> list[Entry]:
    return [entry for level in levels for folder in level.folders for entry in _images(level.path, folder)]


def _scan(folder: Path) -> _Level:
    level = _Level(folder)
    try:
        paths = _visible(folder)
    except OSError as error:
        raise DataError(
            f"{shown(str(folder))} cannot be listed: {_why(error)}.", "Check its permissions."
        ) from error
    for path in paths:
        status = _status(path)
        if isinstance(status, Bad):
            level.strays.append(_entry(path, None, status))
        elif stat.S_ISDIR(status.st_mode):
            level.folders.append(path)
        elif _IMAGE_SUFFIX.search(path.name):
            level.strays.append(_entry(path, None, Bad("lies in no class folder")))
        else:
            level.beside.append(f"{shown(str(path))}: is a file beside the class folders")
    return level


def _images(above: Path, folder: Path) -> Iterator[Entry]:
    """Every file below a class folder, at any depth; links are followed unless they lead back."""
    label = shown(folder.name)
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(folder, _identity(above))]
    while waiting:
        path, parents = waiting.pop()
        status = _status(path)
        if isinstance(status, Bad):
            yield _entry(path, label, status)
        elif stat.S_ISREG(status.st_mode):
            yield Entry(shown(str(path)), label, path)
        elif not stat.S_ISDIR(status.st_mode):
            yield _entry(path, label, Bad("is no regular file"))
        elif (status.st_dev, status.st_ino) in parents:
            yield _entry(path, label, Bad("is a link that leads back to a folder above it"))
        elif path != folder and _IMAGE_SUFFIX.search(path.name):
            yield _entry(path, label, Bad("is a folder, not an image"))
        else:
            try:
                inside = [(p, parents | {(status.st_dev, status.st_ino)}) for p in _visible(path)]
            except OSError as error:
                yield _entry(path, label, Bad(f"cannot be listed ({_why(error)})"))
            else:
                waiting.extend(reversed(inside))


def _entry(path: Path, label: str | None, bad: Bad) -> Entry:
    return Entry(shown(str(path)), label, bad)


def _visible(folder: Path) -> list[Path]:
    """What lies in `folder`, by name, without hidden files and what operating systems leave behind."""
    paths = sorted(folder.iterdir(), key=lambda path: path.name)
    return [path for path in paths if not path.name.startswith(".") and path.name.lower() not in _LITTER]


def _status(path: Path) -> os.stat_result | Bad:
    """What `path` is, links followed."""
    try:
        return path.stat()
    except OSError as error:
        return Bad(
            "is a link that leads nowhere" if path.is_symlink() else f"cannot be opened ({_why(error)})"
        )


def _identity(path: Path) -> frozenset[tuple[int, int]]:
    status = _status(path)
    return frozenset() if isinstance(status, Bad) else frozenset({(status.st_dev, status.st_ino)})


def _why(error: OSError) -> str:
    return error.strerror or one_line(error)


def _accepts(name: str) -> bool:
    return Path(name).is_dir()


FOLDER = SourceKind("a folder of class sub-folders", _accepts, _open)
