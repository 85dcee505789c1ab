"""Makes the agent's one file. Runs on the host; the same sources give the same bytes on every machine."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import wattnas

_SOURCE = Path(wattnas.__file__).parent
_BASE = ("__init__.py", "errors.py", "files.py", "machine.py")
_HOST_ONLY = ("agent/bundle.py",)

_MAIN = """\
import sys

if sys.version_info < (3, 9):
    print('\\\\n{"kind":"error","message":"Python on the device is %d.%d, and the agent needs 3.9 or newer.",'
          '"hint":"Name a newer one: add ?python=PATH to the device, in quotes."}' % sys.version_info[:2])
    sys.exit(3)

from wattnas.agent.__main__ import main

sys.exit(main(sys.argv[1:]))
""".replace("\\\\n", "\\n")


class Bundle(NamedTuple):
    """The agent's one file: a name that tells its content, and the content."""

    name: str
    content: bytes


def make_bundle(replaced: Mapping[str, str] | None = None) -> Bundle:
    """The agent as one file that Python starts.

    Args:
        replaced: path under `wattnas/` -> source that takes its place (for tests).
    """
    sources = {path: (_SOURCE / path).read_text(encoding="utf-8") for path in _paths()}
    sources.update(replaced or {})
    buffer = io.BytesIO(b"#!/usr/bin/env python3\n")
    buffer.seek(0, io.SEEK_END)
    # Stored, not deflated: how well it is packed would depend on the version of zlib.
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__.py", _MAIN)
        for path in sorted(sources):
            _add(archive, f"wattnas/{path}", sources[path])
    content = buffer.getvalue()
    return Bundle(f"wattnas-agent-{hashlib.sha256(content).hexdigest()[:12]}.pyz", content)


def _paths() -> list[str]:
    agent = [path.relative_to(_SOURCE).as_posix() for path in (_SOURCE / "agent").rglob("*.py")]
    return [*_BASE, *(path for path in agent if path not in _HOST_ONLY)]


def _add(archive: zipfile.ZipFile, name: str, source: str) -> None:
    entry = zipfile.ZipInfo(name)  # dated 1980
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    archive.writestr(entry, source)
