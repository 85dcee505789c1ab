"""What a study leaves behind: analysis.json with every number, analysis.md for people, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wattnas.analysis.figures import draw_all
from wattnas.analysis.fits import Finding, findings
from wattnas.analysis.row import Options, Row
from wattnas.analysis.study import Study
from wattnas.export import versions
from wattnas.files import write_json, write_text
from wattnas.machine import read_machine
from wattnas.rundir import now
from wattnas.units import Quantity, format_bytes, format_count, format_joules, format_seconds, format_watts

FIGURES = "figures"
_HEAD = (
    *("network", "parameters", "MACs", "bytes moved", "activations", "peak memory"),
    *("time, batch 1", "largest batch", "time per image there", "energy", "power", "top-1"),
)


def write_study(found: Study, options: Options, out: Path) -> str:
    """Write all of it into `out`; returns the Markdown text."""
    conclusions = findings(found.rows)
    figures = draw_all(found.rows, out / FIGURES)
    text = markdown(found, options, conclusions, figures)
    write_text(out / "analysis.md", text)
    write_json(out / "analysis.json", as_json(found, options, conclusions, figures))
    return text


def as_json(
    found: Study, options: Options, conclusions: Sequence[Finding], figures: Sequence[str]
) -> dict[str, Any]:
    """Everything, each number with unit, origin and source."""
    machine = read_machine()
    return {
        "format": 1,
        "date": now(),
        "machine": {"cpu": machine.cpu, "cores": machine.cores, "system": machine.system},
        "versions": versions(),
        "options": options.model_dump(mode="json"),
        "rows": [row.model_dump(mode="json") for row in found.rows],
        "failures": [failure._asdict() for failure in found.failures],
        "findings": [_finding(finding) for finding in conclusions],
        "figures": [f"{FIGURES}/{name}" for name in figures],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    estimates = {name: interval._asdict() for name, interval in finding.estimates.items()}
    return {**finding._asdict(), "estimates": estimates}


def markdown(found: Study, options: Options, conclusions: Sequence[Finding], figures: Sequence[str]) -> str:
    """The table, what could not be analysed, the findings, the figures, the notes."""
    machine = read_machine()
    parts = [
        "# Analysis",
        f"{machine.cpu}, {options.threads} thread(s), {now()[:10]}. One image unless said otherwise.",
        table(found.rows),
    ]
    if found.failures:
        parts += ["## Could not be analysed", "\n".join(f"- {failure.line}" for failure in found.failures)]
    parts += ["## Findings of Canziani et al. on this machine", *(_paragraph(c) for c in conclusions)]
    if figures:
        parts += ["## Figures", *(f"![{name}]({FIGURES}/{name})" for name in figures)]
    parts += ["## How to read the numbers", *_rules(found.rows)]
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[Row]) -> str:
    """One line per network, Markdown."""
    lines = [_HEAD, tuple("-" * 3 for _ in _HEAD), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    last = max(row.latency)
    top1 = row.top1
    shown = "-" if top1 is None else f"{top1.value:.1%}" + ("*" if top1.origin == "literature" else "")
    return (
        row.title,
        format_count(row.params.value) if row.params else f"{format_count(row.stored.value)} stored",
        format_count(row.macs.value),
        format_bytes(row.bytes_moved.value),
        format_bytes(row.activation_peak[1].value),
        format_bytes(row.process_peak[1].value) if 1 in row.process_peak else "-",
        _timed(row.latency[1]),
        str(last),
        format_seconds(row.latency[last].value / last),
        _used(row.energy, format_joules),
        _used(row.power, format_watts),
        shown,
    )


def _used(found: Mapping[int, Quantity], write: Callable[[float], str]) -> str:
    """Energy or power at one image."""
    if 1 not in found:
        return "-"
    return ("~" if found[1].origin == "modelled" else "") + write(found[1].value)


def _timed(latency: Quantity) -> str:
    """Seconds with half the width of their interval: a wide one says that the machine was not quiet."""
    if latency.low is None or latency.high is None:
        return format_seconds(latency.value)
    return f"{format_seconds(latency.value)} ±{(latency.high - latency.low) / 2 / latency.value:.0%}"


def _paragraph(finding: Finding) -> str:
    fit = f" `{finding.fit}`" if finding.fit else ""
    return f"**{finding.claim}** {finding.verdict.capitalize()} ({finding.n} networks).{fit} {finding.words}"


def _rules(rows: Sequence[Row]) -> list[str]:
    lines = ["`*` published, not measured here. `~` modelled: assumed watts times measured time."]
    if rows:
        first = rows[0]
        lines += [
            f"MACs: {first.macs.source}.",
            f"Bytes moved: {first.bytes_moved.source}.",
            f"Activations: {first.activation_peak[1].source}.",
        ]
        if first.process_peak:
            lines.append(f"Peak memory: {first.process_peak[1].source}.")
        kinds = sorted({op for row in rows for op in row.not_counted})
        lines.append(f"Operations not counted as MACs: {', '.join(kinds)}.")
    lines += [f"{row.title}: {' '.join(row.notes)}" for row in rows if row.notes]
    return lines
