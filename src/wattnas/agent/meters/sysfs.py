"""Numbers in files of the kernel, read strictly: what is no number is an error and never 0."""

from __future__ import annotations

import re
from pathlib import Path

from wattnas.agent.meters.base import NO_METER, Hiccup
from wattnas.errors import MeterError

_WHOLE = re.compile(r"-?[0-9]{1,20}")


def read_text(path: Path) -> str:
    """The beginning of a file; OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(200).decode("ascii", errors="replace")


def read_number(path: Path, grant: str = NO_METER) -> int:
    """The whole number that a file holds.

    Args:
        path: a file of sysfs.
        grant: what to do where reading is denied.

    Raises:
        Hiccup: it could not be read this time.
        MeterError: it is missing, may not be read, or holds something else.
    """
    try:
        text = read_text(path).strip()
    except PermissionError as error:
        raise MeterError(f"{path}: permission denied.", grant) from error
    except FileNotFoundError as error:
        raise MeterError(f"{path} is missing.", NO_METER) from error
    except OSError as error:
        raise Hiccup(f"{path} cannot be read: {error.strerror or error}.", NO_METER) from error
    if not _WHOLE.fullmatch(text):
        raise MeterError(f"{path} holds no number: {text[:40]!r}.", NO_METER)
    return int(text)


def read_count(path: Path, grant: str = NO_METER) -> int:
    """The whole number, 0 or more, that a file holds; see `read_number`."""
    count = read_number(path, grant)
    if count < 0:
        raise MeterError(f"{path} holds {count}, and nothing is counted below 0.", NO_METER)
    return count


def folders(parent: Path, pattern: str) -> list[Path]:
    """Folders in `parent`, sorted; none where it cannot be listed."""
    try:
        return sorted(parent.glob(pattern))
    except OSError:
        return []
