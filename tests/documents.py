"""Reading the documents: their blocks, sections and tables, and how they write a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from wattnas.config import Settings

ROOT = Path(__file__).parents[1]
FILES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
DOCS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in FILES}


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", DOCS[name], re.MULTILINE | re.DOTALL)
    return [body for stated, body in found if stated == language]


def prose(name: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", DOCS[name], flags=re.MULTILINE | re.DOTALL)


def section(name: str, heading: str) -> str:
    """What stands between a heading and the next one; the heading is given by its first words."""
    _, _, rest = prose(name).partition(f"# {heading}")
    assert rest, f"{name} has no heading {heading!r}"
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in `text`, without heads and code marks."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    heads = {i for i, line in enumerate(lines) if set("".join(line)) <= set("-")}
    heads |= {i - 1 for i in heads}
    return [
        [cell.strip().replace("`", "") for cell in line] for i, line in enumerate(lines) if i not in heads
    ]


def shown(value: Any) -> str:
    """A value as the documents write it."""
    if isinstance(value, str):
        return value or "empty"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return json.dumps(value)


def defaults(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Key -> default of the fields that hold a value, not a section."""
    found = {}
    for key, field in model.model_fields.items():
        value = field.get_default(call_default_factory=True)
        if not isinstance(value, BaseModel):
            found[prefix + key] = "required" if field.is_required() else shown(value)
    return found


def choices(annotation: Any) -> Iterator[str]:
    """The words that a type admits."""
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from choices(part)


def flat(settings: Settings) -> dict[str, str]:
    """Every setting by its dotted key, as the documents write it."""
    found: dict[str, str] = {}
    for key, value in settings.model_dump(mode="json").items():
        inner = value if isinstance(getattr(settings, key), BaseModel) else None
        found |= {f"{key}.{name}": shown(v) for name, v in inner.items()} if inner else {key: shown(value)}
    return found
