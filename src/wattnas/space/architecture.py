"""An architecture: one candidate per layer of a space."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from wattnas.errors import SpaceError
from wattnas.space.candidate import Candidate
from wattnas.space.spec import Space


class Architecture(BaseModel):
    """One candidate per layer, as stored in `architecture.json`.

    Attributes:
        space: name of the space it belongs to.
        space_hash: hash of that space, so that a changed space is noticed.
        operations: candidate names, first layer first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: str
    space_hash: str
    operations: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, space: Space) -> Architecture:
        """The architecture written as candidate names, spaces or commas between them."""
        return cls.of(re.findall(r"[^\s,]+", text), space)

    @classmethod
    def of(cls, operations: list[str] | tuple[str, ...], space: Space) -> Architecture:
        """The architecture with these candidate names; SpaceError where the count or a name is wrong."""
        names = tuple(operations)
        if len(names) != space.depth:
            raise SpaceError(
                f"The architecture has {len(names)} candidates, space {space.name!r} {space.depth} layers.",
                "Name one candidate per layer, first layer first.",
            )
        for index, name in enumerate(names):
            if name not in space.candidates:
                raise SpaceError(
                    f"Layer {index}: {name!r} is not a candidate of space {space.name!r}.",
                    f"Its candidates are {', '.join(space.candidates)}.",
                )
        return cls(space=space.name, space_hash=space.hash, operations=names)

    @classmethod
    def load(cls, path: Path, space: Space) -> Architecture:
        """Read `architecture.json`; SpaceError where it is damaged or belongs to another space."""
        try:
            found = cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise SpaceError(
                f"{path} is not an architecture file: {_reason(error)}.", "Run the search again."
            ) from error
        if found.space_hash != space.hash:
            raise SpaceError(
                f"{path} was made for a space {found.space!r} that differs from {space.name!r} as it is now.",
                "Use the space file it was made with.",
            )
        return cls.of(found.operations, space)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates, first layer first."""
        return tuple(Candidate.parse(name) for name in self.operations)

    def __str__(self) -> str:
        return " ".join(self.operations)


def _reason(error: Exception) -> str:
    """Why a file could not be used, on one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ": ".join(
            (".".join(map(str, first["loc"])) or "the file", first["msg"].removeprefix("Value error, "))
        )
    return " ".join(str(error).split())
