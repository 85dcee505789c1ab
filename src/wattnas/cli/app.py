"""The program: collects the commands, and turns errors into one message and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from wattnas import __version__
from wattnas.cli import exits
from wattnas.cli.build import build
from wattnas.cli.catalogue import cost, devices, doctor, spaces
from wattnas.cli.networks import analyze, models
from wattnas.cli.paper import compare, reproduce
from wattnas.cli.profile import profile_app
from wattnas.cli.report import report
from wattnas.cli.stages import evaluate, export, search, train
from wattnas.cli.sweep import sweep
from wattnas.cli.verify import verify
from wattnas.errors import WattnasError

app = typer.Typer(
    name="wattnas",
    help="Builds the image classifier that just meets your goal, with little energy and time on your device. "
    "Start with: wattnas build --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_COMMANDS = (
    *(build, sweep, search, train, export, evaluate, verify, report),
    *(cost, spaces, devices, models, analyze, compare, reproduce, doctor),
)
for command in _COMMANDS:
    app.command()(command)
app.add_typer(profile_app, name="profile")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wattnas {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Builds the neural network that just meets your goal, with least energy and time on your device."""


def main() -> None:
    """Run the program; every error of ours ends in one message, not in a traceback."""
    try:
        app()
    except WattnasError as error:
        typer.secho(f"error: {error.message}", fg=typer.colors.RED, err=True)
        if error.hint:
            typer.echo(f"       {error.hint}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == exits.INTERRUPTED:  # what typer makes of Ctrl-C
            typer.echo("\nStopped. The same command goes on from the last checkpoint.", err=True)
        raise
