"""`wattnas search`, `train`, `export`, `evaluate`: the stages of a build, each on its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wattnas.cli import options as opt
from wattnas.cli.watch import watching
from wattnas.pipeline import evaluate_run, open_run, redo, run_stage, start_run
from wattnas.pipeline.context import Context
from wattnas.rundir import RunDir

Again = Annotated[
    bool,
    typer.Option(
        "--again", help="Run this stage anew although it is done; those after it then have to run again."
    ),
]


def search(
    run_dir: opt.RunPath,
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
    again: Again = False,
    quiet: opt.Quiet = False,
) -> None:
    """Find the architecture. Begins a run with these options, or goes on with the one that is there."""
    flags: dict[str, Any] = {
        "data": data,
        "goal_accuracy": goal_accuracy,
        "method": method,
        "minimize": minimize,
        "max_latency": max_latency,
        "max_energy": max_energy,
        "max_params": max_params,
        "max_memory": max_memory,
        "device": device,
        "space": space,
        "preset": preset,
        "seed": seed,
        "threads": threads,
        "skip_bad": skip_bad,
        "inherit": inherit,
    }
    given = config is not None or bool(override) or any(value is not None for value in flags.values())
    if not given:
        RunDir(run_dir).load()  # without options there has to be a run to go on with
    with RunDir(run_dir).locked(), watching(quiet=quiet) as watcher:
        if RunDir(run_dir).exists and not given:
            context = open_run(run_dir, watcher)
        else:
            context = start_run(run_dir, opt.gather(config, override, **flags), watcher)
        _run(context, "search", again)
        typer.echo(str(context.architecture))


def train(run_dir: opt.RunPath, again: Again = False, quiet: opt.Quiet = False) -> None:
    """Train the found architecture from scratch."""
    _on_its_own(run_dir, "train", again, quiet)


def export(run_dir: opt.RunPath, again: Again = False, quiet: opt.Quiet = False) -> None:
    """Write model.onnx and check it against torch."""
    _on_its_own(run_dir, "export", again, quiet)


def evaluate(
    run_dir: opt.RunPath,
    data: Annotated[
        str | None, typer.Option(help="Other images, of classes the network knows. [default: the run's own]")
    ] = None,
    split: Annotated[
        Literal["test", "validation", "train", "all"], typer.Option(help="Which part of the images.")
    ] = "test",
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Leave unusable images out and count them, instead of stopping."),
    ] = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Accuracy of model.onnx, with a 95 % interval.

    On the run's own test images this also writes verification.json, where it is not there yet.
    """
    with _opened(run_dir, quiet=quiet or as_json) as context:
        found = evaluate_run(context, data, split, skip_bad=skip_bad)
        if data is None and split == "test":
            run_stage(context, "verify")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo("{accuracy:.2%} ({low:.2%} to {high:.2%}) of {n} {split} images of {data}".format(**found))
        if found.get("in_training"):
            typer.echo(f"note: the network learned from {found['in_training']} of these images.", err=True)


def _on_its_own(run_dir: Path, stage: str, again: bool, quiet: bool) -> None:
    with _opened(run_dir, quiet=quiet) as context:
        _run(context, stage, again)


@contextmanager
def _opened(run_dir: Path, *, quiet: bool) -> Iterator[Context]:
    """A run that is there, locked. What is no run is refused before a lock would make a directory of it."""
    run = RunDir(run_dir)
    run.load()
    with run.locked(), watching(quiet=quiet) as watcher:
        yield open_run(run_dir, watcher)


def _run(context: Context, stage: str, again: bool) -> None:
    if again:
        redo(context, stage)
    if not run_stage(context, stage):
        typer.echo(f"{stage} is done already; --again runs it anew.", err=True)
