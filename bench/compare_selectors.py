"""Which selector finds the cheaper architecture in the same time: evolution or dual ascent.

    python bench/compare_selectors.py RUN_DIR [--seeds 3] [--json]

RUN_DIR is a run of method goal; its supernet, survey and trained networks are taken from the cache, and
nothing is trained. Each selector is asked for the least energy, and for the least latency, at several
accuracies; dual ascent gets as many evaluations as fit into the time that evolution took, and five times as
many. Prints the ratio of their costs.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from wattnas.goals import SELECTORS, SelectionProblem
from wattnas.pipeline import open_run
from wattnas.pipeline.goal import adviser_of
from wattnas.progress import Silent
from wattnas.rundir import RunDir

ACCURACIES = (0.5, 0.6, 0.7, 0.75, 0.8)
EVALUATIONS = 20_000
PROBE = 600


def compare(problem: SelectionProblem, seeds: torch.Tensor, seed: int) -> dict[str, Any]:
    """Cost, whether it is feasible, and seconds, of both selectors on one problem."""
    found: dict[str, Any] = {}
    began = time.perf_counter()
    picked = SELECTORS["evolution"](problem, seeds, EVALUATIONS, seed)
    spent = time.perf_counter() - began
    found["evolution"] = _row(problem, picked.path, picked.feasible, spent)
    began = time.perf_counter()
    SELECTORS["dual"](problem, seeds, PROBE, seed)
    affordable = int(PROBE * spent / (time.perf_counter() - began))
    for name, evaluations in (("dual", max(affordable, 100)), ("dual_5x", max(5 * affordable, 500))):
        began = time.perf_counter()
        picked = SELECTORS["dual"](problem, seeds, evaluations, seed)
        found[name] = _row(problem, picked.path, picked.feasible, time.perf_counter() - began)
    return found


def _row(problem: SelectionProblem, path: torch.Tensor, feasible: bool, seconds: float) -> dict[str, Any]:
    cost = float(problem.costs.of(path[None])[problem.minimize])
    return {"cost": cost, "feasible": feasible, "seconds": round(seconds, 3)}


def main() -> None:
    """Compare on every problem and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with RunDir(options.run).locked():
        adviser = adviser_of(open_run(options.run, Silent()))
    rows: list[dict[str, Any]] = []
    for minimize in ("energy_j", "latency_s"):
        for accuracy in ACCURACIES:
            asked = adviser.picker.problem(adviser.knowledge, accuracy)
            for seed in range(options.seeds):
                row = compare(replace(asked, minimize=minimize, bounds={}), adviser.picker.seeds(), seed)
                rows.append({"minimize": minimize, "accuracy": accuracy, "seed": seed} | row)
    if options.json:
        print(json.dumps(rows))
        return
    for name in ("dual", "dual_5x"):
        both = [row for row in rows if row[name]["feasible"] and row["evolution"]["feasible"]]
        ratios = [row[name]["cost"] / row["evolution"]["cost"] for row in both]
        times = median(row[name]["seconds"] / row["evolution"]["seconds"] for row in rows)
        print(
            f"{name}: {len(both)} of {len(rows)} problems solved by both; cost over evolution's: median "
            f"{median(ratios):.3f}, best {min(ratios):.3f}, worst {max(ratios):.3f}; {times:.2f} of its time"
        )


if __name__ == "__main__":
    main()
