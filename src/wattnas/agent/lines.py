"""JSON lines: how host and agent speak, and how a journal is kept. Bad ones end in a DeviceError."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from wattnas.errors import DeviceError

LIMIT = 16 * 2**20
"""Bytes of a line, at most."""

_DIGITS = 18


def dump(content: Mapping[str, Any]) -> bytes:
    """`content` as one line; NaN and infinity are refused with a ValueError."""
    return (json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n").encode("ascii")


def parse_line(line: bytes, where: str) -> dict[str, Any]:
    """The object that one line holds.

    Args:
        line: bytes as they came.
        where: what the line is, for the message: "The agent's answer".

    Raises:
        DeviceError: it is no object, not UTF-8, nested too deep, or holds a number that is not finite.
    """
    try:
        found = json.loads(
            line.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, parse_int=_whole
        )
    except (ValueError, RecursionError) as error:
        raise DeviceError(f"{where} is no JSON line: {clean(repr(line[:80]))}.") from error
    if not isinstance(found, dict):
        raise DeviceError(f"{where} is no JSON object: {clean(repr(line[:80]))}.")
    return found


def read_line(stream: IO[bytes], where: str, limit: int = LIMIT) -> bytes | None:
    """The next line with its end; None where the stream has ended, also in the middle of a line.

    Raises:
        DeviceError: the line is longer than `limit` bytes.
    """
    try:
        line = stream.readline(limit + 1)
    except (OSError, ValueError):  # the other end is gone, or this one was closed by another thread
        return None
    if len(line) > limit:
        raise DeviceError(f"{where} is longer than {limit} bytes.")
    return line if line.endswith(b"\n") else None


def clean(text: str, limit: int = 300) -> str:
    """`text` fit to be shown: one line, no control characters, its end cut off where it is long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def last_line(text: str) -> str:
    """The last line of `text` that is not blank, fit to be shown; empty where there is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    return clean(lines[-1]) if lines else ""


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a whole number is out of range")
    return int(text)
