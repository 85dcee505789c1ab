"""Numbers in words: each with the exact value it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wattnas.units import Quantity, format_bytes, format_count, format_joules, format_seconds, format_watts

Rows = tuple[tuple[str, str], ...]
"""(name, text), one a line."""

_FORMATS: dict[str, Callable[[float], str]] = {
    "s": format_seconds,
    "J": format_joules,
    "W": format_watts,
    "B": format_bytes,
    "1": format_count,
}


@dataclass(frozen=True)
class Number:
    """A number for people (`text`) and the one it was made from (`value`), as the file has it."""

    text: str
    value: float


@dataclass(frozen=True)
class Cell:
    """A number of a table, its interval and origin; `number` is None where nobody knows it."""

    number: Number | None
    interval: str = ""
    origin: str = ""


def cell(quantity: Quantity | None, shown: Callable[[float], Number] | None = None) -> Cell:
    """A quantity as a table shows it; `shown` writes its values, by unit where not given."""
    if quantity is None:
        return Cell(None)
    write = shown or (lambda value: number(value, quantity.unit))
    return Cell(write(quantity.value), interval(quantity, write), quantity.origin)


def number(value: float, unit: str) -> Number:
    """Seconds ("s"), joules ("J"), watts ("W"), bytes ("B") or a count ("1")."""
    return Number(_FORMATS[unit](value), value)


def share(value: float) -> Number:
    """A share, 0 to 1, in percent with two digits."""
    return Number(f"{100 * value:.2f} %", value)


def plain(value: float) -> Number:
    """A bare number with four significant digits."""
    return Number(f"{value:.4g}", value)


def goal_text(goal: float) -> str:
    """A goal as it was given: "65 %", "97.25 %"."""
    return f"{100 * goal:.6g} %"


def span(low: Number, high: Number) -> str:
    """An interval, both ends with their unit."""
    return f"{low.text} to {high.text}"


def interval(quantity: Quantity, shown: Callable[[float], Number] | None = None) -> str:
    """The 95 % interval of a quantity in words; empty where none is known.

    Args:
        shown: how a value is written; by the quantity's unit where not given.
    """
    if quantity.low is None or quantity.high is None:
        return ""
    write = shown or (lambda value: number(value, quantity.unit))
    return span(write(quantity.low), write(quantity.high))


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 image", "2,000 images"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def pairs(content: Mapping[str, Any], prefix: str = "") -> Rows:
    """Nested JSON as (dotted key, text), in the order of the file."""
    found: list[tuple[str, str]] = []
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            found.extend(pairs(value, f"{name}."))
        else:
            found.append((name, _text(value)))
    return tuple(found)


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(entry) for entry in value)
    return str(value)
