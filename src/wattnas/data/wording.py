"""How names and foreign errors are put into a message: one line, printable, UTF-8."""

from __future__ import annotations

_LONGEST = 120


def shown(name: str) -> str:
    """`name` with every byte that is no UTF-8 and every unprintable character escaped; all else as it is."""
    text = name.encode("utf-8", "surrogateescape" if _from_bytes(name) else "backslashreplace")
    decoded = text.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in decoded)


def one_line(error: BaseException) -> str:
    """What another library says of a failure, on one line of at most 120 characters, without a full stop."""
    text = shown(" ".join(str(error).split())).rstrip(".") or type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _from_bytes(name: str) -> bool:
    """Whether all lone surrogates of `name` stand for bytes of a file name (PEP 383)."""
    return all("\udc80" <= c <= "\udcff" for c in name if "\ud800" <= c <= "\udfff")
