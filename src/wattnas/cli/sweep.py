"""`wattnas sweep`: many goals, one supernet, the whole front."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from wattnas.cli import exits
from wattnas.cli import options as opt
from wattnas.cli.watch import watching
from wattnas.config import Settings
from wattnas.errors import ConfigError, GoalError
from wattnas.pipeline import parse_goals, sweep_goals
from wattnas.units import format_count, format_duration, format_joules, format_seconds


def sweep(
    goals: Annotated[str, typer.Option(help="Goal accuracies with commas between them: 0.5,0.6,0.7.")],
    data: opt.Data = None,
    minimize: opt.Minimize = None,
    max_latency: opt.MaxLatency = None,
    max_energy: opt.MaxEnergy = None,
    max_params: opt.MaxParams = None,
    max_memory: opt.MaxMemory = None,
    device: Annotated[
        str | None, typer.Option(help="As in build; several with commas between them share the supernet.")
    ] = None,
    space: opt.SpaceName = None,
    preset: opt.Preset = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    skip_bad: opt.SkipBad = None,
    config: opt.ConfigFile = None,
    override: opt.Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Directory. [default: runs/DATA-sweep-sSEED]")] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Build a network for each goal (and device) from one supernet, and a page with the whole front.

    Ends with exit code 0 where every goal is met, 3 where one is not, 2 for unusable input. --json prints one
    object per goal. Killed or stopped, the same command goes on where it was.
    """
    asked = parse_goals(goals)
    named = [part.strip() for part in (device or "").split(",") if part.strip()]
    devices: list[str | None] = [*named] or [None]
    found: list[dict[str, Any]] = []
    impossible = False
    for name in devices:
        settings = opt.gather(
            config,
            override,
            data=data,
            goal_accuracy=asked[0],
            minimize=minimize,
            max_latency=max_latency,
            max_energy=max_energy,
            max_params=max_params,
            max_memory=max_memory,
            device=name,
            space=space,
            preset=preset,
            seed=seed,
            threads=threads,
            skip_bad=skip_bad,
        )
        folder = out or default_out(settings)
        if len(devices) > 1:
            folder = folder / short_name(settings.device, devices)
        try:
            with watching(quiet=quiet) as watcher:
                summaries = sweep_goals(settings, asked, folder, watcher)
        except GoalError as error:
            if len(devices) == 1:
                raise
            typer.secho(f"error: {settings.device}: {error}", fg=typer.colors.RED, err=True)
            impossible = True
            continue
        found += summaries
        if not as_json:
            _print(settings, summaries, folder)
        for summary in summaries if as_json else ():
            typer.echo(json.dumps(summary, ensure_ascii=False))
    is_met = not impossible and all(summary["met"] for summary in found)
    raise typer.Exit(0 if is_met else exits.MISSED)


def default_out(settings: Settings) -> Path:
    """runs/DATA-sweep-sSEED."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", Path(settings.data).name).strip("-").lower() or "data"
    return Path("runs") / f"{name}-sweep-s{settings.seed}"


def short_name(device: str, devices: list[str | None]) -> str:
    """The folder of one device of several; ConfigError where two would share one."""
    names = [Path(str(name)).stem for name in devices]
    if len(set(names)) < len(names):
        raise ConfigError(
            f"Two of the devices are called {max(names, key=names.count)!r}.", "Rename one profile's file."
        )
    return Path(device).stem


def _print(settings: Settings, summaries: list[dict[str, Any]], folder: Path) -> None:
    table = Table(
        "Goal",
        "",
        "Reached on test images",
        "Energy",
        "Latency",
        "Parameters",
        "Took",
        box=None,
        pad_edge=False,
    )
    for summary in summaries:
        table.add_row(
            f"{summary['goal']:.1%}",
            "met" if summary["met"] else "not met",
            "{accuracy:.1%} ({low:.1%} to {high:.1%})".format(**summary),
            f"{format_joules(summary['energy_j'])} ({summary['sources']['energy_j']['origin']})",
            f"{format_seconds(summary['latency_s'])} ({summary['sources']['latency_s']['origin']})",
            format_count(summary["params"]),
            format_duration(sum(summary["seconds"].values())),
        )
    console = Console()
    console.print(
        f"Device {summaries[0]['device']}, least {settings.minimize}:", markup=False, highlight=False
    )
    console.print(table, markup=False, highlight=False)
    for summary in summaries:
        for line in summary["advice"] if not summary["met"] else ():
            console.print(f"{summary['goal']:.1%}: {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Report: {folder / 'report.html'}", markup=False, highlight=False, soft_wrap=True)
