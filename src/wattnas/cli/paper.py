"""`wattnas compare`, `reproduce`: tables 2 and 3 of Ozawa et al., published figures beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from wattnas.analysis.tables import NOTES, Line, lines_of, markdown, published_name, read_ours
from wattnas.cli import exits
from wattnas.cli import options as opt
from wattnas.cli.watch import watching
from wattnas.errors import ConfigError, WattnasError
from wattnas.files import write_text
from wattnas.pipeline import changes
from wattnas.pipeline import reproduce as reproduce_rows
from wattnas.zoo import TABLES, table_rows


def compare(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN_DIR...", help="Runs that were verified: what --out was.")
    ],
) -> None:
    """Tables 2 and 3 of the paper with your runs: published figures beside ours.

    A run of a published architecture stands in that row, another in a row of its own.
    """
    ours, own, failed = {}, [], False
    for path in run_dirs:
        try:
            found = read_ours(path)
        except WattnasError as error:
            typer.echo(f"{path}: {error}", err=True)
            failed = True
            continue
        name = published_name(path)
        if name is not None and name not in ours:
            ours[name] = found
        else:
            own.append(Line(path.name, None, found))
    for table in TABLES:
        typer.echo(f"\n{_title(table)}\n")
        typer.echo(markdown([*lines_of(table_rows(table), ours), *own]))
    typer.echo(f"\n{NOTES}")
    if failed:
        raise typer.Exit(exits.UNUSABLE)


def reproduce(
    table: Annotated[
        Literal["table2", "table3"],
        typer.Argument(help="table2: S1 beside other networks; table3: goals of S1 and S2."),
    ],
    preset: Annotated[
        Literal["demo", "standard", "paper"],
        typer.Option(help="demo (minutes, no recipe for accuracy), standard (hours to days), paper (weeks)."),
    ] = "standard",
    data: Annotated[
        str | None,
        typer.Option(
            help="CIFAR-10: Parquet files, a folder, or the hub name uoft-cs/cifar10. [demo: digits]"
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A row of the table, as S1-L65; may be repeated. [default: all]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the runs go. [default: runs/TABLE-PRESET]")] = None,
    threads: opt.Threads = None,
    seed: opt.Seed = None,
    quiet: opt.Quiet = False,
) -> None:
    """Train and measure what a table of the paper lists, and print published figures beside ours.

    Every row is a run directory of its own. Stopped or killed, the same command goes on where it was.
    """
    if data is None and preset != "demo":
        raise ConfigError(
            f"Preset {preset} needs the images of CIFAR-10.",
            "Say where they are: --data cifar10/, or --data uoft-cs/cifar10.",
        )
    images, folder = data or "digits", out or Path("runs") / f"{table}-{preset}"
    names = only or list(table_rows(table))
    head = _changes(preset, images)
    typer.echo(head)
    with watching(quiet=quiet) as watcher:
        ours, failed = reproduce_rows(
            names, preset, images, folder, watcher, threads=threads or 0, seed=seed or 0
        )
    text = f"{_title(table)}\n\n{markdown(lines_of(table_rows(table), ours))}"
    typer.echo(f"\n{text}\n\n{NOTES}")
    write_text(folder / f"{table}.md", f"{head}\n\n{text}\n\n{NOTES}\n")
    for row in failed:
        typer.echo(f"{row.name}: {row.reason}", err=True)
    if failed:
        raise typer.Exit(exits.UNUSABLE)


def _changes(preset: str, data: str) -> str:
    """What stands above the table."""
    lines = [f"Preset {preset}, images {data}. What it changes from the paper:"]
    lines += [f"- {text}" for text in changes(preset, data)] or ["- nothing but the images and the machine"]
    if data == "digits":
        lines.append(
            "- digits, 8x8 pixels brought to 32x32, instead of CIFAR-10: accuracies cannot be compared"
        )
    return "\n".join(lines)


def _title(table: str) -> str:
    about = {
        "table2": "S1 and S2 beside other networks",
        "table3": "the goals of S1 and S2",
    }
    return f"Ozawa et al., {table}: {about[table]}"
