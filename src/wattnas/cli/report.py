"""`wattnas report`: the page of a run, a sweep or an analysis, once or for as long as a run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wattnas.cli import options as opt
from wattnas.errors import RunError
from wattnas.report import watch_report, write_report
from wattnas.report.tensorboard import Events

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Directory of a run, a sweep or an analysis: what --out was.")
]


def report(
    folder: Folder,
    watch: Annotated[
        bool, typer.Option("--watch", help="Write it anew whenever the run changes, until the run is done.")
    ] = False,
    every: Annotated[int, typer.Option(min=1, help="Seconds between two looks, with --watch.")] = 5,
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            metavar="LOG_DIR",
            help="Also write the logged steps for TensorBoard; needs the extra `tensorboard`.",
        ),
    ] = None,
    quiet: opt.Quiet = False,
) -> None:
    """Write report.html from the files that are there: one page that opens offline."""
    events = Events(folder / "metrics.jsonl", tensorboard) if tensorboard is not None else None
    try:
        if watch:
            _watch(folder, every, events, quiet=quiet)
        else:
            typer.echo(str(write_report(folder)))
            if events is not None:
                events.follow()
    finally:
        if events is not None:
            events.close()


def _watch(folder: Path, every: int, events: Events | None, *, quiet: bool) -> None:
    first = True
    for found in watch_report(folder, every):
        if events is not None:
            events.follow()
        if isinstance(found, RunError):
            typer.echo(f"waiting: {found.message}", err=True)
        elif first:
            first = False
            typer.echo(str(found))
            if not quiet:
                typer.echo("Open it in a browser; it follows the run. Ctrl-C stops watching.", err=True)
