"""The outcome of a build in one object: what `--json` prints, for a build and for each goal of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wattnas.goals import Advice
from wattnas.learned import Learned, learned
from wattnas.pipeline.build import Outcome
from wattnas.pipeline.goal import read_advice
from wattnas.pipeline.refusals import SHOW
from wattnas.rundir import RunDir, read_metrics
from wattnas.units import format_joules, format_seconds


def summarise(path: Path, outcome: Outcome) -> dict[str, Any]:
    """The outcome as one JSON-able object; every cost with its source beside it.

    `met` says whether the goal, if any, is reached on the test images and every bound is kept by what is
    predicted of the device. `seconds` are of this run: a supernet that was there already counts 0.
    """
    verification, costs = outcome
    run = RunDir(path)
    manifest = run.load()
    stages, settings = manifest["stages"], manifest["settings"]
    values = {
        **costs.model_dump(include={"latency_s", "energy_j", "params"}),
        "memory_bytes": costs.memory_bytes.value,
    }
    asked = {name: bound for name, bound in (settings.get("bounds") or {}).items() if bound is not None}
    bounds = {name: bool(values[name] <= bound) for name, bound in asked.items()}
    accuracy, advice = verification.accuracy, read_advice(run)
    search = stages.get("search", {})
    met = verification.goal_met is not False and all(bounds.values())
    trained = _learned(run, settings["train"]["epochs"])
    is_missed = verification.goal_met is False
    said = [trained.remedy("{:.1%}".format)] if is_missed and trained is not None else []
    if advice is not None:
        said = sentences(advice, met=met, kept=all(bounds.values()), remedy=said)
    return {
        "goal": verification.goal_accuracy,
        "met": met,
        "certainty": verification.certainty,
        "accuracy": accuracy.accuracy,
        "low": accuracy.low,
        "high": accuracy.high,
        "n": accuracy.n,
        "latency_s": costs.latency_s,
        "energy_j": costs.energy_j,
        "params": costs.params,
        "macs": costs.macs,
        "memory_bytes": costs.memory_bytes.value,
        "bounds": bounds,
        "device": costs.device,
        "architecture": " ".join(costs.architecture),
        "epochs": None if trained is None else trained.epochs,
        "sources": costs.sources.model_dump(mode="json"),
        "measured_latency": verification.latency.model_dump(mode="json") if verification.latency else None,
        "seconds": search.get("parts") or {name: stage["wall_s"] for name, stage in stages.items()},
        "reason": search.get("reason", ""),
        "advice": said,
        "run_dir": str(path),
        "report": str(path / "report.html"),
    }


def sentences(advice: Advice, *, met: bool, kept: bool, remedy: Sequence[str] = ()) -> list[str]:
    """The advice in words: what to relax where the wish was missed, and the `remedy`; what a point costs, and
    the neighbours."""
    found: list[str] = []
    show = SHOW[advice.minimize]
    after = "" if advice.epochs is None else f", after {advice.epochs} epochs"
    if advice.per_point:
        joules, seconds = advice.per_point["energy_j"], advice.per_point["latency_s"]
        found.append(
            f"One point more of accuracy costs about {format_joules(joules)} and {format_seconds(seconds)} "
            "here (predicted)."
        )
    for word, neighbour in (("cheaper", advice.cheaper), ("better", advice.better)):
        if neighbour is not None:
            cost = show(neighbour.costs[advice.minimize])
            found.append(f"Next {word} network: about {neighbour.accuracy:.1%} at {cost} (predicted{after}).")
    return found if met else [*_to_relax(advice, kept), *remedy, *found]


def _to_relax(advice: Advice, kept: bool) -> list[str]:
    found: list[str] = []
    for entry in advice.relax:
        if entry.name == "goal_accuracy":
            known = [entry.needed] if entry.needed is not None else []
            known += [advice.chosen.accuracy] if kept else []
            best = f" The best to expect is about {max(known):.1%} (predicted)." if known else ""
            found.append(f"Out of reach here: {entry.asked:.1%}.{best}")
        elif entry.needed is not None:
            show = SHOW[entry.name]
            found.append(
                f"With {entry.name} up to {show(entry.needed)} instead of {show(entry.asked)} the rest "
                "should be possible (predicted)."
            )
        else:
            found.append(f"Relaxing {entry.name} alone is not expected to help.")
    return found


def _learned(run: RunDir, usual: int) -> Learned | None:
    lines = [line for line in read_metrics(run.file("metrics.jsonl")) if line["stage"] == "train"]
    values = ((line["epoch"], line.get("accuracy"), line.get("validation_accuracy")) for line in lines)
    return learned(values, usual)
