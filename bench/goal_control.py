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
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import torch

from goal_tables import accuracy_model, judge, judge_methods, table
from wattnas.config import Settings, merge_settings
from wattnas.device import predict
from wattnas.errors import WattnasError
from wattnas.export import versions, wilson
from wattnas.files import write_json
from wattnas.goals import Workshop, path_of
from wattnas.machine import read_machine
from wattnas.pipeline import build_run, start_run, summarise, sweep_goals
from wattnas.pipeline.context import Context
from wattnas.pipeline.goal import adviser_of, workshop_of
from wattnas.progress import Silent
from wattnas.rundir import RunDir
from wattnas.train import count_correct
from wattnas.zoo import published_architecture, published_operations

GOALS = (0.50, 0.60, 0.70, 0.80, 0.85)
PARTS = ("energy", "latency", "published", "methods")
KEEP_EVERY_S = 20.0


class Clock:
    """Minutes of work of one part over all runs of this program in one folder.

    Args:
        path: holds the seconds of every part.
        part: the one that works now.
        limit_min: of each part.
    """

    def __init__(self, path: Path, part: str, limit_min: float) -> None:
        self._path, self._part, self._limit_s = path, part, 60.0 * limit_min
        self._since = self._kept = time.perf_counter()
        self._before = read_clock(path).get(part, 0.0)

    def seconds(self) -> float:
        """So far; kept."""
        self._kept = time.perf_counter()
        spent = float(self._before + self._kept - self._since)
        write_json(self._path, read_clock(self._path) | {self._part: round(spent, 1)})
        return spent

    def tick(self) -> None:
        """Keep the time now and then, so that a kill loses little of it."""
        if time.perf_counter() - self._kept >= KEEP_EVERY_S:
            self.seconds()

    @property
    def is_up(self) -> bool:
        """Whether the limit is reached."""
        return self.seconds() >= self._limit_s


def read_clock(path: Path) -> dict[str, float]:
    """Seconds of each part that has begun."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}


class Teller(Silent):
    """Progress as plain lines with the time; keeps the clock's minutes while a stage works."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def start(self, stage: str, total: int, done: int) -> None:
        """A stage begins."""
        self.say(f"{stage}: {total - done} steps")

    def advance(self, steps: int) -> None:
        """Some steps are done."""
        self._clock.tick()

    def say(self, text: str) -> None:
        """A sentence."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def settings_for(data: str, method: str, goal: float, minimize: str, overrides: dict[str, Any]) -> Settings:
    """The fixed settings of one row."""
    given = {
        "data": data,
        "method": method,
        "goal_accuracy": goal,
        "minimize": minimize,
        "device": "ozawa-2021",
        "space": "cifar",
        "preset": "standard",
        "seed": 0,
    }
    return merge_settings(given | overrides)


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


def published(
    data: str, out: Path, clock: Clock, overrides: dict[str, Any], longer: Sequence[tuple[int, float]]
) -> Iterator[dict[str, Any]]:
    """Published architectures with the recipe of the sweep: from the sweep's cache, trained there if need be.

    Each is predicted before it is trained, with what the accuracy model knows by then.

    Args:
        longer: epochs of each network that the sweeps trained longer than usual, and the goal that it met.
            The rows of one follow when the cheapest that meets it is found; none where time is up before.
    """
    settings = settings_for(data, "goal", GOALS[0], "energy_j", overrides)
    with RunDir(out / "goal-0.5").locked():
        context = start_run(out / "goal-0.5", settings, Teller(clock))
    workshop = workshop_of(context)
    paths = {
        name: path_of(published_architecture(name)[0].operations, context.layout)
        for name in sorted(published_operations(), key=lambda name: _cost(context, name)[0])
    }
    todo = [name for name, path in paths.items() if not workshop.is_trained(path)]
    with closing(workshop):
        while todo and not clock.is_up:
            turn, todo = todo[: workshop.members], todo[workshop.members :]
            Teller(clock).say(f"{', '.join(turn)}:")
            knowledge = adviser_of(context).knowledge
            workshop.train_all(
                [(paths[name], knowledge.predict(paths[name], workshop.look(paths[name]))) for name in turn]
            )
    for name in [name for name in paths if name not in todo]:
        yield _reference(context, workshop, name, paths[name], 1)
    rows: dict[tuple[str, int], dict[str, Any]] = {}

    def meets(times: int, goal: float, name: str) -> bool | None:
        if clock.is_up and not workshop.is_trained(paths[name], times):
            return None
        if (name, times) not in rows:
            Teller(clock).say(f"{name}, {times} times the epochs:")
            rows[name, times] = _reference(context, workshop, name, paths[name], times)
        return bool(rows[name, times]["accuracy"] >= goal)

    told: set[tuple[str, int]] = set()
    for epochs, goal in longer:
        times = epochs // settings.train.epochs
        asked = halve(list(paths), partial(meets, times, goal)) or []
        yield from [rows[name, times] for name in asked if (name, times) not in told]
        told |= {(name, times) for name in asked}


def halve(names: Sequence[str], meets: Callable[[str], bool | None]) -> list[str] | None:
    """Who had to be asked to know the first of `names` that meets something, if each after one that does
    does, too; None where one could not tell."""
    asked, low, high = list[str](), 0, len(names)
    while low < high:
        middle = (low + high) // 2
        does = meets(names[middle])
        if does is None:
            return None
        asked.append(names[middle])
        low, high = (low, middle) if does else (middle + 1, high)
    return asked


def _reference(
    context: Context, workshop: Workshop, name: str, path: torch.Tensor, times: int
) -> dict[str, Any]:
    """The row of a published architecture, trained for so many times the usual epochs."""
    record, test = workshop.train(path, times=times), context.splits.test
    correct = count_correct(workshop.network(path, times), test)
    low, high = wilson(correct, len(test))
    energy_j, latency_s = _cost(context, name)
    return {
        "name": name,
        "accuracy": correct / len(test),
        "low": low,
        "high": high,
        "energy_j": energy_j,
        "latency_s": latency_s,
        "epochs": context.settings.train.stretched(times).epochs,
        "train_s": record.seconds,
    }


def trained_longer(result: dict[str, Any], usual: int) -> list[tuple[int, float]]:
    """Epochs above the usual that goals of the sweeps were met with, and the goal."""
    rows = [*result.get("energy", []), *result.get("latency", [])]
    return sorted({(row["epochs"], row["goal"]) for row in rows if row["met"] and row["epochs"] > usual})


def _cost(context: Context, name: str) -> tuple[float, float]:
    report = predict(context.profile, context.layout, published_architecture(name)[0])
    return report.energy_j, report.latency_s


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
