"""`wattnas verify`: the network of a run on the device it was built for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wattnas.cli import exits
from wattnas.cli import options as opt
from wattnas.cli.watch import watching
from wattnas.device import Profile, load_profile, open_device
from wattnas.errors import ProfileError
from wattnas.files import write_text
from wattnas.pipeline import OnDevice, Question, open_run, verify_on
from wattnas.rundir import RunDir
from wattnas.units import Quantity, format_joules, format_seconds, parse_joules, parse_seconds


def verify(
    run_dir: opt.RunPath,
    device: Annotated[str, typer.Option(help="Where to run it: local, or ssh://user@host.")] = "local",
    sample: Annotated[int, typer.Option(help="Test images to send, at most.", min=1)] = 500,
    meter: Annotated[str, typer.Option(help="Energy meter: none, auto, or one of docs/meters.md.")] = "none",
    max_latency: Annotated[str | None, typer.Option(help="A bound that has to hold, as in 5ms.")] = None,
    max_energy: Annotated[str | None, typer.Option(help="A bound that has to hold, as in 0.4J.")] = None,
    threads: Annotated[int, typer.Option(help="Threads inside one operation.")] = 1,
    update: Annotated[
        Path | None, typer.Option(help="A profile of this device that learns from the measured latency.")
    ] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Run the exported network on a device and compare with the prediction.

    Ends with exit code 3 where the goal is missed or a bound does not hold.
    """
    question = Question(
        sample=sample,
        meter=None if meter == "none" else meter,
        threads=threads,
        max_latency_s=parse_seconds(max_latency) if max_latency else None,
        max_energy_j=parse_joules(max_energy) if max_energy else None,
        profile=load_profile(str(update)) if update else None,
    )
    run = RunDir(run_dir)
    run.load()
    with (
        run.locked(),
        watching(quiet=quiet or as_json) as watcher,
        open_device(device, watcher.say) as opened,
    ):
        found, taught = verify_on(open_run(run_dir, watcher), opened, question)
    if taught is not None and update is not None:
        _write(update, taught)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        _print(found, update)
    raise typer.Exit(0 if found.holds else exits.MISSED)


def _write(path: Path, taught: Profile) -> None:
    try:
        write_text(path, taught.to_json())
    except OSError as error:
        raise ProfileError(
            f"{path} cannot be written: {error.strerror or error}.", "Copy it, and give the copy to --update."
        ) from error


def _print(found: OnDevice, update: Path | None) -> None:
    table = Table("", "measured there", "predicted", box=None, pad_edge=False)
    accuracy = found.accuracy
    table.add_row(
        "Accuracy", f"{accuracy.accuracy:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%}, n {accuracy.n})", ""
    )
    table.add_row("Same answer as here", f"{found.agreement:.1%}", "")
    table.add_row("Latency", _text(found.latency), _text(found.predicted_latency))
    table.add_row("Energy", _text(found.energy), _text(found.predicted_energy))
    for name, holds in found.bounds.items():
        table.add_row(
            name.replace("_", " "), {True: "holds", False: "broken", None: "not measured"}[holds], ""
        )
    console = Console()
    console.print(table, markup=False, highlight=False)
    if found.goal_accuracy is not None:
        met = "met" if found.goal_met else "not met"
        console.print(f"Goal {found.goal_accuracy:.1%}: {met} on this sample.", markup=False, highlight=False)
    console.print(
        f"The prediction is {found.latency_error:+.1%} off in latency.", markup=False, highlight=False
    )
    if found.unsteady:
        console.print(f"note: the timing was unsteady: {found.unsteady}.", markup=False, highlight=False)
    if update is not None:
        console.print(f"{update} learned from it.", markup=False, highlight=False)


def _text(quantity: Quantity | None) -> str:
    """Value and interval, with where it comes from."""
    if quantity is None:
        return "no meter"
    show = format_seconds if quantity.unit == "s" else format_joules
    text = show(quantity.value)
    if quantity.low is not None and quantity.high is not None:
        text += f" ({show(quantity.low)} to {show(quantity.high)})"
    return f"{text}, {quantity.origin}"
