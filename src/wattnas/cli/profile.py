"""`wattnas profile`: what a device costs, measured on it; and `wattnas profile check`: whether that holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wattnas.cli import options as opt
from wattnas.cli.watch import counting
from wattnas.device import (
    Profile,
    Request,
    check_profile,
    load_profile,
    open_device,
    profile_device,
    sentences,
)
from wattnas.device.fitted import Check
from wattnas.device.job import Settings
from wattnas.errors import ConfigError
from wattnas.space import Layout, load_space
from wattnas.units import format_bytes, parse_seconds

profile_app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

Target = Annotated[
    str, typer.Option("--device", help="What is measured: local, or ssh://user@host (see docs/agent.md).")
]
Threads = Annotated[int, typer.Option(help="Threads inside one operation.")]


@profile_app.callback(invoke_without_command=True)
def profile(
    context: typer.Context,
    device: Target = "local",
    space: Annotated[str, typer.Option(help="A named space or a YAML file.")] = "cifar",
    out: Annotated[
        Path | None, typer.Option(help="The profile file to write. [default: DEVICE.json]")
    ] = None,
    add_to: Annotated[
        Path | None, typer.Option(help="A profile of this device: measure only what it lacks, and add it.")
    ] = None,
    budget: Annotated[
        str, typer.Option(help="How long to measure, as in 5m; a shorter one gives wider intervals.")
    ] = "15m",
    meter: Annotated[
        str, typer.Option(help="Energy meter: none, auto, or one of docs/meters.md. none models energy.")
    ] = "none",
    watts: Annotated[
        float, typer.Option(help="Power that energy is modelled with where there is no meter.")
    ] = 10.0,
    classes: Annotated[int, typer.Option(help="Outputs of the classifier.")] = 10,
    channels: Annotated[int | None, typer.Option(help="Input channels. [default: the space's most]")] = None,
    size: Annotated[
        int | None, typer.Option(help="Input side in pixels. [default: the space's largest]")
    ] = None,
    threads: Threads = 1,
    seed: Annotated[int, typer.Option(help="Of the networks that are drawn.")] = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Measure what every block of a space costs on a device, and write a profile for --device.

    Stopped or cut off, the same command goes on where it was. `wattnas profile check FILE` tries the result.
    """
    if context.invoked_subcommand is not None:
        return
    if not 0 < watts < 1e6:
        raise ConfigError(f"{watts} W is no power of a device.", "Give what it draws at work, above 0.")
    layout = Layout.resolve(load_space(space), classes, channels, size)
    path = out or add_to or Path(f"{_file_name(device)}.json")
    request = Request(
        layout=layout,
        settings=Settings(threads=threads, budget_s=parse_seconds(budget), seed=seed, watts=watts),
        meter=None if meter == "none" else meter,
        name=_file_name(path.stem),
        known=load_profile(str(add_to)) if add_to else None,
    )
    with open_device(device) as opened, counting("profile", quiet=quiet) as tell:
        found = profile_device(opened, request, path, tell)
    _print_profile(found, path)
    if not quiet:
        typer.echo(f"Networks stay on the device; remove them: wattnas profile clean --device '{device}'")


@profile_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="PROFILE", help="The profile to try.")],
    device: Target = "local",
    networks: Annotated[int, typer.Option(help="Fresh random networks to time.", min=2)] = 30,
    space: Annotated[
        str | None, typer.Option(help="Of which space. [default: what the profile was measured for last]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the networks that are drawn.")] = 1_000_003,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Time fresh random networks on the device and compare them with what the profile predicts."""
    profile = load_profile(str(file))
    layout = _layout_of(profile, space) if space else None
    settings = Settings(threads=profile.threads or 1, seed=seed)
    with open_device(device) as opened, counting("check", quiet=quiet or as_json) as tell:
        found = check_profile(profile, opened, settings, networks=networks, layout=layout, tell=tell)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        _print_check(found)


@profile_app.command("clean")
def clean(device: Target = "local") -> None:
    """Remove what measuring left on a device; profiles that are not finished begin anew."""
    with open_device(device) as opened:
        found = opened.clean()
    typer.echo(f"{device}: {found.files} files removed, {format_bytes(found.bytes)}")


def _layout_of(profile: Profile, space: str) -> Layout:
    """The space as the profile was measured for it; else at its largest input with ten classes."""
    wanted = load_space(space)
    measured = [fit.layout for fit in profile.fits if fit.space.hash == wanted.hash]
    return measured[-1] if measured else Layout.resolve(wanted, 10)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text.removeprefix("ssh://")).strip("-._")[:64] or "device"


def _print_profile(profile: Profile, path: Path) -> None:
    typer.echo(f"{path}: {len(profile.entries)} entries of {profile.hardware}, {profile.runtime}")
    for note in profile.notes:
        typer.echo(f"note: {note}")
    check = profile.fits[-1].check
    if check is not None:
        typer.echo("Predicted against measured, on networks that the fit did not see:")
        _print_check(check)


def _print_check(check: Check) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in sentences(check).items():
        table.add_row(name, value)
    Console().print(table, highlight=False, markup=False)
