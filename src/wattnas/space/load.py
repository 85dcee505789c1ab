"""Spaces by name or from a user's file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from wattnas.config import NOT_YAML
from wattnas.errors import SpaceError
from wattnas.space.layout import Layout
from wattnas.space.spec import Space


def named_spaces() -> tuple[str, ...]:
    """The names of the spaces that come with wattnas."""
    folder = resources.files("wattnas.space") / "named"
    names = (Path(entry.name) for entry in folder.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".yaml"))


def load_space(name_or_path: str) -> Space:
    """The named space, or the one in a YAML or JSON file; SpaceError says which key is wrong and why."""
    if name_or_path in named_spaces():
        named = resources.files("wattnas.space") / "named" / f"{name_or_path}.yaml"
        return parse_space(named.read_text(encoding="utf-8"), name_or_path)
    path = Path(name_or_path)
    try:
        if path.is_file():
            return parse_space(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(f"{path} cannot be read as text: {error}.", "Give a YAML or JSON file.") from error
    raise SpaceError(
        f"There is no space {name_or_path!r}, neither by that name nor as a file.",
        f"Named spaces: {', '.join(named_spaces())}; or give the path of a YAML file.",
    )


def parse_space(text: str, origin: str) -> Space:
    """A space from YAML (or JSON) text; `origin` names it in errors."""
    try:
        raw: Any = yaml.safe_load(text)
    except NOT_YAML as error:
        raise SpaceError(f"{origin} is not YAML: {_one_line(error)}.", "Mend the syntax there.") from error
    if not isinstance(raw, dict):
        raise SpaceError(
            f"{origin} does not describe a space.",
            "Start from one that `wattnas spaces --show cifar` prints.",
        )
    try:
        space = Space.model_validate(raw)
        Layout.resolve(space, classes=2)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = first["msg"].removeprefix("Value error, ")
        raise SpaceError(f"{origin}: {where}: {reason}.", "See docs/spaces.md for every key.") from error
    except SpaceError as error:
        raise SpaceError(f"{origin}: {error.message}", error.hint) from error
    return space


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
