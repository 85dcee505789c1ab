"""`wattnas models`, `analyze`: reference networks, and any network through all metrics."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from wattnas.analysis import Options, Say, study, write_study
from wattnas.cli import exits
from wattnas.cli import options as opt
from wattnas.device import LOCAL
from wattnas.errors import ConfigError
from wattnas.report import write_report
from wattnas.units import format_count
from wattnas.zoo import ENTRIES, Counted, Entry, Shape, counts


def models(as_json: opt.Json = False) -> None:
    """The reference networks: where they come from, parameters, multiply-adds, published accuracy."""
    if as_json:
        typer.echo(json.dumps([_described(entry) for entry in ENTRIES], ensure_ascii=False))
        return
    table = Table(
        "network", "paper's name", "group", "input", "parameters", "MACs", "top-1", "source", box=None
    )
    for entry in ENTRIES:
        counted = counts().get(entry.name)
        table.add_row(
            entry.name,
            entry.title,
            entry.group,
            "x".join(map(str, entry.input)),
            format_count(counted.params) if counted else _published(entry),
            format_count(counted.macs) if counted else "-",
            f"{entry.top1.value:.1%}" if entry.top1 else "-",
            entry.paper if entry.is_published else f"{entry.paper} (figures only)",
        )
    console = Console()
    console.print(table)
    for entry in ENTRIES:
        if entry.note:
            console.print(f"{entry.name}: {entry.note}", markup=False, highlight=False)


def analyze(
    networks: Annotated[
        list[str],
        typer.Argument(
            metavar="NETWORK...",
            help="Names that `wattnas models` lists, groups (ozawa, canziani, related, imagenet, all), runs, "
            "ONNX files, torch modules as package.module:function, torchvision:NAME or timm:NAME.",
        ),
    ],
    device: Annotated[str, typer.Option(help="Where to measure; only local, this machine, so far.")] = LOCAL,
    shape: Annotated[
        str | None,
        typer.Option(
            "--input", help="Channels x height x width, as in 3x32x32. [default: the network's own]"
        ),
    ] = None,
    data: Annotated[
        str, typer.Option(help="Images for the accuracy of trained networks, as for build. [default: none]")
    ] = "",
    out: Annotated[Path, typer.Option(help="Where results go; what is there already is used again.")] = Path(
        "analysis"
    ),
    threads: Annotated[int, typer.Option(min=1, help="Threads inside one operation.")] = 1,
    batch: Annotated[
        list[int] | None,
        typer.Option(help="Images per call; may be repeated. Batch 1 always is. [default: 1 2 4 8 16]"),
    ] = None,
    budget: Annotated[
        float, typer.Option(min=0.1, help="Seconds that timing one batch size above 1 may take, per network.")
    ] = 8.0,
    meter: Annotated[
        str, typer.Option(help="Energy meter: none, auto, or one of docs/meters.md. none models energy.")
    ] = "none",
    watts: Annotated[
        float, typer.Option(min=0.01, help="Power that energy is modelled with where there is no meter.")
    ] = 10.0,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """All metrics of any network on this machine, with figures and the findings of Canziani et al. tested.

    Stopped or killed, the same command goes on after the last network that was whole. What cannot be analysed
    is named, and the rest goes on; the exit code is then 2.
    """
    if device != LOCAL:
        raise ConfigError(
            f"Networks cannot be measured on {device!r}.",
            "Use --device local; `wattnas cost --device` predicts architectures of a space on a profile.",
        )
    batches = tuple(sorted({1, *(batch or Options().batches)}))
    options = Options(
        threads=threads,
        batches=batches,
        budget_s=budget,
        watts=watts,
        meter="" if meter == "none" else meter,
        data=data,
    )
    say: Say = _silent if quiet else partial(typer.echo, err=True)
    found = study(networks, options, out, shape=parse_shape(shape), say=say)
    text = write_study(found, options, out)
    page = write_report(out)
    typer.echo((out / "analysis.json").read_text(encoding="utf-8") if as_json else text)
    say(f"figures to look into: {page}")
    if found.failures:
        raise typer.Exit(exits.UNUSABLE)


def _silent(text: str) -> None:
    """Says nothing."""


def parse_shape(text: str | None) -> Shape | None:
    """(channels, height, width) from "3x32x32"; None for None."""
    if text is None:
        return None
    match = re.fullmatch(r"([13])x([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if match is None:
        raise ConfigError(
            f"{text!r} is not the shape of an image.", "Write channels, height and width: 3x32x32."
        )
    return int(match[1]), int(match[2]), int(match[3])


def _described(entry: Entry) -> dict[str, Any]:
    counted: Counted | None = counts().get(entry.name)
    figures = {"params": entry.params, "macs": entry.macs, "top1": entry.top1}
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "group": entry.group,
        "source": entry.paper,
        "built_by": entry.built_by if entry.is_published else None,
        "input": list(entry.input),
        "classes": entry.classes,
        "params": counted.params if counted else None,
        "macs": counted.macs if counted else None,
        "literature": {
            key: figure.quantity().model_dump(mode="json") for key, figure in figures.items() if figure
        },
        "note": entry.note,
    }


def _published(entry: Entry) -> str:
    return f"{entry.params.text} M" if entry.params else "-"
