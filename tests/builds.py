"""A build that takes seconds: digits at 8 pixels, a space of three layers, a device of round numbers."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from wattnas.cli import main
from wattnas.cli.options import gather
from wattnas.config import Settings
from wattnas.device import Entry, Profile
from wattnas.pipeline import Context, open_run
from wattnas.progress import Silent
from wattnas.space import Layout, load_space
from wattnas.units import Quantity

SPACE_YAML = """
name: toy
input: {channels: [1], min_size: 8, max_size: 8}
stem: {channels: 12}
stages: [{channels: 12, layers: 1}, {channels: 16, layers: 2, stride: 2}]
candidates: [k3_e1, k5_e1_g2, skip]
head: {channels: 24, activation: true, dropout: 0.1}
"""
SEARCH = ("search.epochs=3", "search.theta_from_epoch=1", "search.min_steps=4", "search.batch=64")
TRAIN = ("train.epochs=3", "train.min_steps=4", "train.batch=32", "train.lr=0.1")
OVERRIDES = (*SEARCH, *TRAIN, "augment.padding=1", "checkpoint_s=0.0001")
GOAL = 0.4


def write_inputs(folder: Path) -> None:
    """The space and the profile, as `toy.yaml` and `desk.json` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toy.yaml").write_text(SPACE_YAML)
    layout = Layout.resolve(load_space(str(folder / "toy.yaml")), classes=10)
    (folder / "desk.json").write_text(round_profile(layout).to_json())


def round_profile(layout: Layout) -> Profile:
    """Candidate number c, from 1, costs c milliseconds and 10 c millijoules at every layer."""
    entries = {
        layer.key(candidate): Entry(
            key=layer.key(candidate),
            latency=Quantity(value=number * 1e-3, unit="s", origin="measured", source="a stopwatch"),
            energy=Quantity(value=number * 1e-2, unit="J", origin="modelled", source="10 W assumed"),
        )
        for layer in layout.layers
        for number, candidate in enumerate(layout.candidates, start=1)
    }
    return Profile(
        name="desk",
        description="round numbers",
        hardware="a desk",
        scope="layers",
        entries=tuple(entries.values()),
    )


def options(inputs: Path, **changed: str) -> list[str]:
    """The options of `wattnas build` for this build, `changed` ones last, where they win."""
    chosen = {
        "data": "digits",
        "goal-accuracy": str(GOAL),
        "method": "s2",
        "space": str(inputs / "toy.yaml"),
        "device": str(inputs / "desk.json"),
        "preset": "demo",
        "threads": "1",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    flags = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    return flags + [part for override in OVERRIDES for part in ("--set", override)]


def settings(inputs: Path, **changed: Any) -> Settings:
    """The same as settings."""
    flags = {
        "data": "digits",
        "goal_accuracy": GOAL,
        "method": "s2",
        "space": str(inputs / "toy.yaml"),
        "device": str(inputs / "desk.json"),
        "preset": "demo",
        "threads": 1,
    }
    return gather(None, list(OVERRIDES), **(flags | changed))


class Ended(NamedTuple):
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


class Built(NamedTuple):
    """A run directory, and how its build ended."""

    path: Path
    ended: Ended


def wattnas(*arguments: str | Path) -> Ended:
    """The program, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["wattnas", *map(str, arguments)]),
        mock.patch.dict(os.environ, COLUMNS="300"),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code
    return Ended(int(code or 0), out.getvalue(), err.getvalue())


@contextlib.contextmanager
def program(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The program as a process of its own; killed on leaving, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wattnas", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def build_program(inputs: Path, out: Path) -> Built:
    """This build, by a process of its own."""
    with program("build", *options(inputs), "--json", "--out", out) as process:
        output, errors = process.communicate()
        return Built(out, Ended(process.returncode, output, errors))


def opened(path: Path) -> Context:
    """The run in `path`, watched by nobody."""
    return open_run(path, Silent())
