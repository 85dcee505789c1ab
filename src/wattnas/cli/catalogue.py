"""`wattnas cost`, `spaces`, `devices`, `doctor`: what there is, what it costs, what can be measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wattnas.cli import options as opt
from wattnas.device import (
    LOCAL,
    CostReport,
    FixedCost,
    LayerCost,
    builtin_profiles,
    diagnose,
    diagnose_device,
    load_profile,
    local_profile,
    open_device,
    predict,
)
from wattnas.space import Architecture, Layout, load_space, named_spaces
from wattnas.units import format_count, format_joules, format_seconds


def cost(
    arch: Annotated[
        str,
        typer.Option(
            help='Candidates, first layer first, as in "skip k3_e6 ..."; or the path of an architecture.json.'
        ),
    ],
    space: Annotated[str, typer.Option(help="A named space or a YAML file.")] = "cifar",
    device: Annotated[str, typer.Option(help="Device profile: a name, a file, or local.")] = "ozawa-2021",
    classes: Annotated[int, typer.Option(help="Outputs of the classifier.")] = 10,
    channels: Annotated[int | None, typer.Option(help="Input channels. [default: the space's most]")] = None,
    size: Annotated[
        int | None, typer.Option(help="Input side in pixels. [default: the space's largest]")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """What an architecture costs on a device: parameters, MACs, latency, energy, each with its source."""
    chosen = load_space(space)
    layout = Layout.resolve(chosen, classes, channels, size)
    path = Path(arch)
    architecture = (
        Architecture.load(path, chosen) if arch.endswith(".json") else Architecture.parse(arch, chosen)
    )
    if device == LOCAL:
        typer.echo("timing the candidates on this machine, unless that was done before", err=True)
    profile = local_profile(layout) if device == LOCAL else load_profile(device)
    report = predict(profile, layout, architecture)
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        _print_cost(report)


def spaces(
    show: Annotated[
        str | None, typer.Option(help="Print this space as YAML, to start your own from.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """The search spaces that come with wattnas."""
    if show is not None:
        typer.echo(yaml.safe_dump(load_space(show).model_dump(mode="json"), sort_keys=False).rstrip())
        return
    found = [load_space(name) for name in named_spaces()]
    if as_json:
        typer.echo(json.dumps([space.model_dump(mode="json") | {"hash": space.hash} for space in found]))
        return
    table = Table("space", "input", "layers", "candidates", "architectures", "source", box=None)
    for space in found:
        sizes = sorted({space.input.min_size, space.input.max_size})
        inputs = f"{' or '.join(map(str, space.input.channels))} x {' to '.join(map(str, sizes))} px"
        table.add_row(
            space.name,
            inputs,
            str(space.depth),
            str(len(space.candidates)),
            f"{space.size:.1e}",
            space.source,
        )
    Console().print(table)


def devices(as_json: opt.Json = False) -> None:
    """The device profiles that come with wattnas."""
    found = [load_profile(name) for name in builtin_profiles()]
    if as_json:
        rows = [
            profile.model_dump(mode="json", exclude={"entries"}) | {"entries": len(profile.entries)}
            for profile in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("device", "entries", "hardware", "description", box=None)
    for profile in found:
        table.add_row(profile.name, str(len(profile.entries)), profile.hardware, profile.description)
    table.add_row(LOCAL, "any", "this machine", "timed when first used, kept afterwards; energy is modelled")
    Console().print(table)
    for profile in found:
        for note in profile.notes:
            typer.echo(f"{profile.name}: {note}")


def doctor(
    device: Annotated[
        str | None, typer.Option(help="A device instead of this machine: ssh://user@host.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """What this machine, or a device, can measure, and what to do otherwise."""
    if device is None:
        findings = diagnose()
    else:
        with open_device(device) as opened:
            findings = diagnose_device(opened)
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False))
        return
    table = Table("", "what", "found", "what to do", box=None)
    for finding in findings:
        row = ("yes" if finding.available else "no", finding.name, finding.detail, finding.hint)
        table.add_row(*(escape(text) for text in row))
    Console().print(table)


def _print_cost(report: CostReport) -> None:
    table = Table("layer", "operation", "latency", "energy", "MACs", "params", box=None)
    stem, head = report.fixed
    rows: list[tuple[str, str, LayerCost | FixedCost]] = [("stem", "", stem)]
    rows += [(str(layer.layer), layer.operation, layer) for layer in report.layers]
    for name, operation, part in [*rows, ("head", "", head)]:
        table.add_row(
            name,
            operation,
            "-" if part.latency_s is None else format_seconds(part.latency_s),
            "-" if part.energy_j is None else format_joules(part.energy_j),
            format_count(part.macs),
            format_count(part.params),
        )
    if more := report.between:
        table.add_row("between", "", format_seconds(more.latency_s), format_joules(more.energy_j), "", "")
    console = Console()
    console.print(table)
    for name, value, source in (
        ("latency", format_seconds(report.latency_s), report.sources.latency_s),
        ("energy", format_joules(report.energy_j), report.sources.energy_j),
        ("MACs", format_count(report.macs), report.sources.macs),
        ("parameters", format_count(report.params), report.sources.params),
    ):
        console.print(f"{name:<11}{value} ({source.origin}; {source.source})", markup=False, highlight=False)
    console.print(f"{'scope':<11}{report.scope}", markup=False, highlight=False)
