"""Where images come from: one file per kind of source, behind the contract in `base`."""

from __future__ import annotations

from wattnas.data.sources.base import Bad, Content, Entry, Joined, Label, ListPart, Part, Source, SourceKind
from wattnas.data.sources.digits import DIGITS
from wattnas.data.sources.folder import FOLDER
from wattnas.data.sources.hub import HUB
from wattnas.data.sources.parquet import PARQUET
from wattnas.data.wording import one_line
from wattnas.errors import DataError

__all__ = [
    "KINDS",
    "Bad",
    "Content",
    "Entry",
    "Joined",
    "Label",
    "ListPart",
    "Part",
    "Source",
    "SourceKind",
    "open_source",
]

# The first that accepts a name opens it: what lies on this machine comes before the hub.
KINDS = (DIGITS, PARQUET, FOLDER, HUB)


def open_source(name: str) -> Source:
    """The source called `name`; DataError lists what is accepted where it is none."""
    try:
        kind = next((kind for kind in KINDS if name and kind.accepts(name)), None)
    except (OSError, ValueError) as error:
        raise DataError(f"{name!r} cannot be looked up ({one_line(error)}).", _accepted()) from error
    if kind is None:
        raise DataError(f"{name!r} is no file or folder here and no known data set.", _accepted())
    return kind.open(name)


def _accepted() -> str:
    wanted = [kind.wanted for kind in KINDS]
    return f"Give {', '.join(wanted[:-1])} or {wanted[-1]}."
