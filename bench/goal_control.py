"""Are goals met, and how cheaply: method goal against published architectures and methods S1 and S2.

    python bench/goal_control.py --data DATA --out FOLDER [--limit-min 150] [--parts energy,...] [--json]

Everything is fixed beforehand: goals 0.50, 0.60, 0.70, 0.80, 0.85, device ozawa-2021, preset standard,
seed 0.
Parts, in order; each row begins only while its part has time left, and what is not run is reported as such:

    energy      a sweep over the goals that minimises energy
    latency     a sweep over the goals that minimises latency; it knows the networks of the first
    published   the six published architectures, trained with the same recipe; neither sweep knows them.
                Where a goal was met by longer training, the cheapest that meets it is looked for among
                networks that are trained as long, by halving: accuracy is taken to rise with energy
    methods     builds with methods s1 and s2 at each goal

Each part has its own limit. Resumable: the same command goes on where it was; time is counted over all its
runs. FOLDER/result.json holds what is known so far, of parts of earlier runs, too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from goal_published import published
from goal_shared import GOALS, Clock, Teller, read_clock, settings_for
from goal_tables import accuracy_model, judge, judge_methods, table
from wattnas.errors import WattnasError
from wattnas.export import versions
from wattnas.files import write_json
from wattnas.machine import read_machine
from wattnas.pipeline import build_run, start_run, summarise, sweep_goals
from wattnas.rundir import RunDir

PARTS = ("energy", "latency", "published", "methods")


def sweep(
    data: str, out: Path, minimize: str, clock: Clock, overrides: dict[str, Any]
) -> list[dict[str, Any]]:
    """The rows of a sweep, goal by goal while time is left."""
    settings = settings_for(data, "goal", GOALS[0], minimize, overrides)
    rows: list[dict[str, Any]] = []
    for count in range(1, len(GOALS) + 1):
        if clock.is_up and not (out / f"goal-{GOALS[count - 1]:g}" / "verification.json").is_file():
            break
        rows = sweep_goals(settings, GOALS[:count], out, Teller(clock))
    return rows


def trained_longer(result: dict[str, Any], usual: int) -> list[tuple[int, float]]:
    """Epochs above the usual that goals of the sweeps were met with, and the goal."""
    rows = [*result.get("energy", []), *result.get("latency", [])]
    return sorted({(row["epochs"], row["goal"]) for row in rows if row["met"] and row["epochs"] > usual})


def methods(data: str, out: Path, clock: Clock, overrides: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """S1 and S2 at each goal, while time is left."""
    for goal in GOALS:
        for method in ("s1", "s2"):
            path = out / f"{method}-{goal:g}"
            if clock.is_up and not (path / "verification.json").is_file():
                continue
            Teller(clock).say(f"{method} at {goal:.0%}:")
            settings = settings_for(data, method, goal, "energy_j", overrides)
            with RunDir(path).locked():
                outcome = build_run(start_run(path, settings, Teller(clock)))
            yield {"method": method} | summarise(path, outcome)


def main() -> None:
    """Run what is asked for and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit-min", type=float, default=150.0)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument(
        "--set", dest="overrides", type=json.loads, default={}, help="JSON, for a quick trial"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(out / "cache")
    parts = options.parts.split(",")
    before = json.loads((out / "result.json").read_text()) if (out / "result.json").is_file() else {}
    result: dict[str, Any] = {part: before[part] for part in PARTS if part in before} | {
        "machine": {
            "cpu": read_machine().cpu,
            "cores": read_machine().cores,
            "threads": torch.get_num_threads(),
        },
        "versions": versions(),
        "seed": 0,
        "overrides": options.overrides,
    }

    def keep(name: str, rows: Any) -> None:
        result[name] = rows
        result["accuracy_model"] = accuracy_model(out)
        references = result.get("published", [])
        for part, cost in (("energy", "energy_j"), ("latency", "latency_s")):
            if part in result:
                result[f"judged_{part}"] = judge(result[part], references, cost)
        if "methods" in result:
            result["judged_methods"] = judge_methods(result["methods"], result.get("energy", []))
        clock.seconds()
        spent = read_clock(out / "clock.json")
        result["minutes"] = {part: round(seconds / 60.0, 1) for part, seconds in spent.items()}
        write_json(out / "result.json", result)

    for part in PARTS:
        if part not in parts:
            continue
        clock = Clock(out / "clock.json", part, options.limit_min)
        if part in ("energy", "latency"):
            cost = "energy_j" if part == "energy" else "latency_s"
            keep(part, sweep(options.data, out / part, cost, clock, options.overrides))
            continue
        usual = settings_for(options.data, "goal", GOALS[0], "energy_j", options.overrides).train.epochs
        run = (
            published(options.data, out / "energy", clock, options.overrides, trained_longer(result, usual))
            if part == "published"
            else methods(options.data, out / "methods", clock, options.overrides)
        )
        rows: list[dict[str, Any]] = []
        for row in run:
            rows.append(row)
            keep(part, rows)
    print(json.dumps(result) if options.json else table(result))


if __name__ == "__main__":
    try:
        main()
    except WattnasError as error:
        sys.exit(f"error: {error}")
