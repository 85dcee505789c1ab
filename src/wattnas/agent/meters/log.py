"""The log of an external meter: a table with a header, in which time and power go by their names.

A column is known by a word in its name (time, power, voltage, current) or, where none has it, by its unit
alone (`Main(mA)`). Power, voltage and current must state their unit, since a log in mW that is read as W is a
number 1000 times too large. Time without a unit is seconds or a date with time (ISO 8601). Made for the files
of Nordic's Power Profiler (with a column of volts added), Joulescope, FNIRSI loggers and what spreadsheets
export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from wattnas.agent.meters.base import BaseMeter, Reading
from wattnas.agent.meters.power import MOST_W, Sample
from wattnas.agent.meters.trace import Trace
from wattnas.errors import MeterError

_NAMES = {
    "time": ("time", "timestamp", "elapsed", "datetime", "date", "t"),
    "power": ("power", "p"),
    "voltage": ("voltage", "u"),
    "current": ("current", "i"),
}
_UNITS = {
    "time": {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "ns": 1e-9},
    "power": {"w": 1.0, "watt": 1.0, "watts": 1.0, "mw": 1e-3, "milliwatts": 1e-3, "uw": 1e-6, "kw": 1e3},
    "voltage": {"v": 1.0, "volt": 1.0, "volts": 1.0, "mv": 1e-3, "millivolts": 1e-3, "uv": 1e-6},
    "current": {"a": 1.0, "amp": 1.0, "amps": 1.0, "amperes": 1.0, "ma": 1e-3, "milliamps": 1e-3, "ua": 1e-6}
    | {"na": 1e-9},
}
_ALL_UNITS = {word for units in _UNITS.values() for word in units} | {"h", "hz", "min"}
_PLAIN = ("main", "output", "input", "supply", "bus", "average", "avg", "mean", "total")
"""Words that may stand beside a unit where a column has no other name."""
_OTHER = ("max", "min", "minimum", "maximum", "peak", "limit", "energy", "charge", "capacity", "factor")
"""Words of columns that are something else."""
_PREAMBLE = 100
"""Lines that may stand before the header."""
_LARGEST = 2**30
_LATEST_S = 1e12
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,12})?(Z|[-+][0-9]{2}:?[0-9]{2})?"
)
_WANTED = "Its header needs time and power, or time, voltage and current, with units: time_s,power_w."


class LogMeter(BaseMeter):
    """Stands for a meter that writes its log elsewhere, and is read when all is measured.

    Attributes:
        path: the log, which need not be there yet.
    """

    deferred = True

    def __init__(self, path: Path) -> None:
        super().__init__("log", "what the external meter is connected to")
        self.path = path

    def _begin(self) -> None:
        """Nothing to begin: the external meter records on its own."""

    def _end(self) -> Reading:
        raise MeterError(
            f"The log {self.path} is read after the measurement.", "Resolve the measured windows with it."
        )


class _Column(NamedTuple):
    cell: int
    scale: float
    stated: bool  # whether a unit was


class _Header(NamedTuple):
    separator: str | None
    time: _Column
    power: _Column | None
    voltage: _Column | None
    current: _Column | None

    @property
    def width(self) -> int:
        return 1 + max(each.cell for each in (self.time, self.power, self.voltage, self.current) if each)


def read_log(path: Path) -> Trace:
    """The trace in a file.

    Raises:
        MeterError: it cannot be read, or is no log (see `parse_log`).
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise MeterError(f"{path} is larger than 1 GiB.", "Record at a lower rate, or cut it.")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise MeterError(
            f"{path} cannot be read: {error.strerror or error}.", "Name the meter's log."
        ) from error
    return parse_log(text, str(path))


def parse_log(text: str, name: str = "the log") -> Trace:
    """The trace that a text holds. A last line that was cut off while it was written is left out.

    Raises:
        MeterError: no header, a line that does not fit it, time that goes backwards, power that does.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    place, header = _find_header(lines, name)
    samples = list(_samples(lines[place + 1 :], header, name))
    for before, after in zip(samples, islice(samples, 1, None)):  # noqa: B905 - Python 3.9 has no `strict`
        if after.at < before.at:
            raise MeterError(
                f"{name}: time goes backwards at {before.at:.3f} s.", "Use a log of one recording."
            )
    lowest = min((sample.watts for sample in samples), default=0.0)
    if lowest < -0.05 * max((sample.watts for sample in samples), default=0.0):
        raise MeterError(f"{name}: power goes down to {lowest:.4g} W.", "Swap the meter's input and output.")
    return Trace(samples, name)


def _find_header(lines: list[tuple[int, str]], name: str) -> tuple[int, _Header]:
    for place, (_, line) in enumerate(lines[:_PREAMBLE]):
        header = _header(line.lstrip("# "), name)
        if header is not None:
            return place, header
    raise MeterError(f"{name} has no header in its first {_PREAMBLE} lines.", _WANTED)


def _header(line: str, name: str) -> _Header | None:
    separator = next((mark for mark in ";\t," if mark in line), None)
    cells = line.split(separator)
    time = _column(cells, "time", name)
    power, voltage, current = (_column(cells, kind, name) for kind in ("power", "voltage", "current"))
    power, voltage, current = (each if each and each.stated else None for each in (power, voltage, current))
    if time is None or (power is None and (voltage is None or current is None)):
        return None
    return _Header(separator, time, power, *((None, None) if power else (voltage, current)))


def _column(cells: list[str], kind: str, name: str) -> _Column | None:
    """The column of a kind: the one with its name, else the one with its unit; None where there is none."""
    named: list[_Column] = []
    bare: list[_Column] = []
    for i, cell in enumerate(cells):
        words = _words(cell)
        units = [word for word in words if word in _ALL_UNITS]
        mine = [_UNITS[kind][word] for word in units if word in _UNITS[kind]]
        if len(units) > 1 or len(units) != len(mine) or any(word in _OTHER for word in words):
            continue  # watt-hours, peaks, or another quantity
        column = _Column(i, mine[0] if mine else 1.0, bool(mine))
        if any(word in _NAMES[kind] for word in words):
            named.append(column)
        elif mine and all(word in units or word in _PLAIN for word in words):
            bare.append(column)
    fits = [column for column in named if column.stated] or named or bare
    if len(fits) > 1 and fits[0].stated:
        listed = ", ".join(cells[column.cell].strip()[:40] for column in fits[:5])
        raise MeterError(f"{name} has several columns of {kind}: {listed}.", "Leave the one that counts.")
    return fits[0] if len(fits) == 1 else None


def _words(cell: str) -> list[str]:
    """Words of a column's name, in small letters; "PowerW" is two."""
    apart = re.sub(r"([a-z]{3})([A-Z])", r"\1 \2", cell.replace("µ", "u").replace("μ", "u"))
    return re.findall(r"[a-z]+", apart.lower())


def _samples(lines: list[tuple[int, str]], header: _Header, name: str) -> Iterator[Sample]:
    for i, (number, line) in enumerate(lines):
        if line.startswith("#"):
            continue
        cells = [cell.strip().strip('"') for cell in line.split(header.separator)]
        try:
            if len(cells) < header.width:
                raise ValueError(f"has {len(cells)} columns and needs {header.width}")
            yield _sample(cells, header)
        except ValueError as error:
            if i == len(lines) - 1 and i > 0:
                return
            raise MeterError(f"{name}, line {number} {error}: {line[:80]!r}.", _WANTED) from error


def _sample(cells: list[str], header: _Header) -> Sample:
    comma = header.separator != ","
    at = _moment(cells[header.time.cell], header.time, comma)
    if header.power is not None:
        watts = _value(cells, header.power, comma)
    elif header.voltage is not None and header.current is not None:
        watts = _value(cells, header.voltage, comma) * _value(cells, header.current, comma)
    if not abs(watts) <= MOST_W:
        raise ValueError(f"tells of {watts:g} W")
    return Sample(at, watts)


def _value(cells: list[str], column: _Column, comma: bool) -> float:
    return _number(cells[column.cell], comma) * column.scale


def _number(cell: str, comma: bool) -> float:
    text = cell.replace(",", ".") if comma and "." not in cell else cell
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"holds no number in {cell[:20]!r}")
    return float(text)


def _moment(cell: str, column: _Column, comma: bool) -> float:
    """Seconds; of a date with time since 1970, and UTC where it has no zone."""
    match = None if column.stated else _MOMENT.fullmatch(cell)
    if match is None:
        at = _number(cell, comma) * column.scale
        if abs(at) > _LATEST_S:
            raise ValueError(f"is {at:g} s old")
        return at
    whole = datetime.fromisoformat(match[1].replace(" ", "T")).replace(tzinfo=_zone(match[3]))
    return whole.timestamp() + float(match[2] or 0)


def _zone(stated: str | None) -> timezone:
    if stated in (None, "Z"):
        return timezone.utc
    sign = -1 if stated[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(stated[1:3]), minutes=int(stated[-2:])))
