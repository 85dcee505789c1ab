"""The agent's folder on a device: files named by their hash, journals, and what is on its way in.

files/SHA256            networks and images, as they were sent
incoming/SHA256.gz      on their way: checked and unpacked before anything uses them
jobs/JOB.jsonl          results (`journal.py`)
work/                   the task of the worker that runs
wattnas-agent-*.pyz     agents that hosts sent
lock                    held while something is measured (`lock.py`)
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from wattnas.errors import DeviceError
from wattnas.files import replacing

_HASH = re.compile(r"[0-9a-f]{64}")
_SENT = re.compile(r"([0-9a-f]{64})\.gz")
_CHUNK = 2**20
_LARGEST = 2**31


def default_folder() -> Path:
    """`wattnas/agent` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wattnas" / "agent"


def is_hash(text: object) -> bool:
    """Whether `text` is a SHA-256 in lower-case hex: the only names from a host that become file names."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


class Store:
    """The folder of an agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.incoming = self.folder / "incoming"
        self.files = self.folder / "files"
        self.jobs = self.folder / "jobs"
        self.work = self.folder / "work"

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (self.incoming, self.files, self.jobs, self.work):
            folder.mkdir(parents=True, exist_ok=True)

    def free_bytes(self) -> int:
        """Bytes that are free where the folder is, or will be."""
        folder = self.folder
        while not folder.is_dir():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def lacks(self, hashes: Iterable[str]) -> list[str]:
        """Those of `hashes` that are not here, after what has arrived was taken in."""
        self._take_in()
        return [name for name in hashes if not (self.files / _checked(name)).is_file()]

    def file(self, name: str) -> Path:
        """The path of the file with this hash, its content checked against it.

        Raises:
            DeviceError: it is not here, or damaged (it is then removed, so that it is sent again).
        """
        path = self.files / _checked(name)
        if not path.is_file():
            raise DeviceError(
                f"File {name} is not on the device.", "Run the same command again: it is sent then."
            )
        if sha256_of(path) != name:
            path.unlink()
            raise DeviceError(
                f"File {name} is damaged on the device.", "Run the same command again: it is sent then."
            )
        return path

    def clean(self) -> tuple[int, int]:
        """Remove files, journals and agents; how many files and how many bytes that were."""
        sizes = [path.stat().st_size for path in self._all()]
        for folder in (self.incoming, self.files, self.jobs, self.work):
            shutil.rmtree(folder, ignore_errors=True)
        for path in self._agents():
            path.unlink()
        return len(sizes), sum(sizes)

    def _agents(self) -> list[Path]:
        return [path for path in self.folder.glob("wattnas-agent-*") if path.is_file()]

    def _all(self) -> Iterator[Path]:
        for folder in (self.incoming, self.files, self.jobs, self.work):
            yield from (path for path in folder.rglob("*") if path.is_file())
        yield from self._agents()

    def _take_in(self) -> None:
        for path in sorted(self.incoming.glob("*")):
            sent = _SENT.fullmatch(path.name)
            if sent:
                _unpack(path, self.files / sent.group(1))
            path.unlink()


def _checked(name: str) -> str:
    if not is_hash(name):
        raise DeviceError(f"{str(name)[:80]!r} is no SHA-256.", "Files on a device are named by their hash.")
    return name


def _unpack(source: Path, target: Path) -> None:
    """Unpack `source` to `target` where the content has the hash that `target` is named by; else leave it."""
    digest, size = hashlib.sha256(), 0
    try:
        with replacing(target) as part:
            with gzip.open(source, "rb") as packed, part.open("wb") as file:
                for chunk in iter(lambda: packed.read(_CHUNK), b""):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > _LARGEST:
                        raise EOFError
                    file.write(chunk)
            if digest.hexdigest() != target.name:
                raise EOFError
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return  # cut off or damaged on its way: it counts as not sent
