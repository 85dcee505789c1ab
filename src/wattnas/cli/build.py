"""`wattnas build`: from images and a goal to a verified network."""

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
from wattnas.device import CostReport
from wattnas.export import Verification
from wattnas.pipeline import Outcome, build_run, follow_build, start_run, summarise
from wattnas.rundir import RunDir
from wattnas.units import format_count, format_duration, format_joules, format_seconds


def build(
    data: opt.Data = None,
    goal_accuracy: opt.Goal = None,
    method: opt.Method = None,
    minimize: opt.Minimize = None,
    max_latency: opt.MaxLatency = None,
    max_energy: opt.MaxEnergy = None,
    max_params: opt.MaxParams = None,
    max_memory: opt.MaxMemory = None,
    device: opt.Device = None,
    space: opt.SpaceName = None,
    preset: opt.Preset = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    skip_bad: opt.SkipBad = None,
    inherit: opt.Inherit = None,
    config: opt.ConfigFile = None,
    override: opt.Overrides = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory. [default: runs/DATA-METHOD-GOAL-sSEED]")
    ] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Search, train, export and verify a network that meets the goal.

    Ends with exit code 0 when the goal is met on the test images, 3 when it is not, 2 for unusable input.
    Killed or stopped, the same command goes on where it was.
    """
    settings = opt.gather(
        config,
        override,
        data=data,
        goal_accuracy=goal_accuracy,
        method=method,
        minimize=minimize,
        max_latency=max_latency,
        max_energy=max_energy,
        max_params=max_params,
        max_memory=max_memory,
        device=device,
        space=space,
        preset=preset,
        seed=seed,
        threads=threads,
        skip_bad=skip_bad,
        inherit=inherit,
    )
    path = out or default_out(settings)
    if not opt.is_first_process():
        follow_build(path, settings)
        return
    with RunDir(path).locked(), watching(quiet=quiet) as watcher:
        outcome = build_run(start_run(path, settings, watcher))
        summary = summarise(path, outcome)
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        print_outcome(summary, outcome)
    raise typer.Exit(0 if summary["met"] else exits.MISSED)


def default_out(settings: Settings) -> Path:
    """runs/DATA-METHOD-GOAL-sSEED; "best" stands for no goal."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", Path(settings.data).name).strip("-").lower() or "data"
    goal = "best" if settings.goal_accuracy is None else f"{settings.goal_accuracy:g}"
    return Path("runs") / f"{name}-{settings.method}-{goal}-s{settings.seed}"


def print_outcome(summary: dict[str, Any], outcome: Outcome) -> None:
    """The short table at the end of a build, and what to do where the wish was too much."""
    verification, costs = outcome
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(summary, verification, costs):
        table.add_row(name, value)
    console = Console()
    console.print(table, highlight=False, markup=False)
    for line in [*summary["advice"], f"Report: {summary['report']}"]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _rows(summary: dict[str, Any], verification: Verification, costs: CostReport) -> list[tuple[str, str]]:
    met = {
        ("above", True): "met (the whole 95 % interval reaches it)",
        ("within", True): "met (the 95 % interval also holds values below it)",
        ("within", False): "not met (the 95 % interval also holds values above it)",
    }.get((str(verification.certainty), bool(verification.goal_met)), "not met")
    latency, energy = costs.sources.latency_s, costs.sources.energy_j
    reached = "{accuracy:.1%} ({low:.1%} to {high:.1%}, {n} test images)".format(**summary)
    rows = [("Reached", reached)]
    if summary["goal"] is not None:
        rows = [("Goal accuracy", f"{summary['goal']:.1%}"), *rows, ("Goal", met)]
    rows += [
        *((f"Bound on {name}", "kept" if kept else "broken") for name, kept in summary["bounds"].items()),
        (f"Latency on {costs.device}", f"{format_seconds(costs.latency_s)} ({latency.origin})"),
        (f"Energy on {costs.device}", f"{format_joules(costs.energy_j)} ({energy.origin})"),
    ]
    if verification.latency is not None:
        rows.append(("Latency here", f"{format_seconds(verification.latency.value)} (measured)"))
    rows += [
        ("Parameters", format_count(costs.params)),
        ("MACs", format_count(costs.macs)),
        ("Architecture", " ".join(costs.architecture)),
        *([] if summary["epochs"] is None else [("Trained for", f"{summary['epochs']} epochs")]),
        ("Took", ", ".join(f"{part} {format_duration(s)}" for part, s in summary["seconds"].items())),
    ]
    return rows
