"""Many networks, one after the other: resumable, and none stops the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from wattnas.agent.meters import Meter, open_meter
from wattnas.analysis.accuracy import DataSource, fingerprint
from wattnas.analysis.measure import analyse
from wattnas.analysis.row import Options, Row, load_row
from wattnas.analysis.target import Target, resolve
from wattnas.errors import ConfigError, WattnasError
from wattnas.export import versions
from wattnas.files import content_hash
from wattnas.machine import read_machine
from wattnas.zoo import Shape

Say = Callable[[str], None]
ROWS = "rows"


class Failure(NamedTuple):
    """A network that could not be analysed, and why."""

    name: str
    message: str
    hint: str

    @property
    def line(self) -> str:
        """All of it on one line."""
        return f"{self.name}: {self.message} {self.hint}".strip()


class Study(NamedTuple):
    """What came out, in the order that was asked for."""

    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]


def study(
    names: Iterable[str],
    options: Options,
    out: Path,
    *,
    shape: Shape | None = None,
    say: Say = lambda text: None,
) -> Study:
    """Analyse what `names` name; each row is kept in `out`/rows as soon as it is whole, and used again.

    Raises:
        MeterError, ConfigError: the meter cannot be read, or only later.
    """
    with _opened(options.meter) as meter:
        return _study(names, options, out, shape, meter, say)


@contextmanager
def _opened(spec: str) -> Iterator[Meter | None]:
    """The meter that `spec` names; None for none."""
    if not spec:
        yield None
        return
    with closing(open_meter(spec)) as meter:
        if meter.deferred:
            raise ConfigError(
                f"The meter {spec} tells its joules only after the measurement.",
                "Give a meter that can be read at once (`wattnas doctor`); `wattnas profile` reads logs.",
            )
        yield meter


def _study(
    names: Iterable[str],
    options: Options,
    out: Path,
    shape: Shape | None,
    meter: Meter | None,
    say: Say,
) -> Study:
    targets, failures = resolve_all(names, shape)
    for failure in failures:
        say(failure.line)
    data = DataSource(options.data) if options.data else None
    rows: list[Row] = []
    for place, target in enumerate(targets, start=1):
        say(f"{place}/{len(targets)} {target.title}")
        try:
            rows.append(_row(target, options, out, shape, meter, data))
        except WattnasError as error:
            failures.append(Failure(target.name, error.message, error.hint))
            say(failures[-1].line)
    return Study(tuple(rows), tuple(failures))


def resolve_all(names: Iterable[str], shape: Shape | None) -> tuple[list[Target], list[Failure]]:
    """The targets that `names` name, each once, and the names that name nothing."""
    targets: dict[str, Target] = {}
    failures: list[Failure] = []
    for name in names:
        try:
            targets |= {target.name: target for target in resolve(name, shape)}
        except WattnasError as error:
            failures.append(Failure(name, error.message, error.hint))
    return list(targets.values()), failures


def _row(
    target: Target,
    options: Options,
    out: Path,
    shape: Shape | None,
    meter: Meter | None,
    data: DataSource | None,
) -> Row:
    known = [target.identity, shape, options.model_dump(mode="json"), versions(), read_machine().cpu]
    key = content_hash([*known, fingerprint(options.data)] if data else known)
    path = out / ROWS / f"{_slug(target.name)}.json"
    row = load_row(path, key)
    if row is None:
        row = analyse(target, options, key, meter=meter, data=data)
        row.save(path)
    return row


def _slug(name: str) -> str:
    """A file name for any name, different for different ones."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "row"
    return plain if plain == name else f"{plain}-{content_hash(name)[:8]}"
