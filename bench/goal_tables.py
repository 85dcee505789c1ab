"""What the goal benchmark says of its rows: the accuracy model, each goal against its rival, the tables."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import kendalltau

from wattnas.goals import TrainedRecord

SAVING = {0.50: 0.2, 0.60: 0.2, 0.70: 0.2, 0.80: 0.5, 0.85: 0.5}
"""Share of the energy of the cheapest published architecture that a goal may cost."""
TOLERANCE = 0.03
"""Accuracy above the goal that still counts as just meeting it."""


def accuracy_model(out: Path) -> dict[str, Any]:
    """How well networks were predicted before they were trained, over every one of the cache."""
    files = sorted((out / "cache" / "wattnas" / "goals" / "networks").glob("*/*/trained.json"))
    records = [TrainedRecord.model_validate_json(file.read_bytes()) for file in files]
    rows = [
        {
            "predicted": record.predicted.accuracy,
            "low": record.predicted.low,
            "high": record.predicted.high,
            "reached": record.accuracy,
            "inherited": record.inherited_correct / record.inherited_n,
            "known": record.predicted.known,
        }
        for record in sorted(records, key=lambda record: record.date)
        if record.predicted is not None
    ]
    seen = [row for row in rows if row["known"] > 0]
    errors = [100.0 * abs(row["predicted"] - row["reached"]) for row in seen]
    return {
        "n": len(seen),
        "tau": _tau(seen, "predicted"),
        "tau_inherited": _tau(seen, "inherited"),
        "median_error_points": median(errors) if errors else None,
        "covered": sum(r["low"] <= r["reached"] <= r["high"] for r in seen) / len(seen) if seen else None,
        "networks": rows,
    }


def _tau(rows: list[dict[str, Any]], key: str) -> float | None:
    """Kendall's rank correlation with what was reached; None where there is none."""
    if len(rows) < 2:
        return None
    tau = float(kendalltau([row[key] for row in rows], [row["reached"] for row in rows])[0])
    return tau if math.isfinite(tau) else None


def judge(rows: list[dict[str, Any]], references: list[dict[str, Any]], cost: str) -> list[dict[str, Any]]:
    """Each goal against the cheapest published architecture that meets it when trained for as many epochs.

    S1-L100 where none does.
    """
    found: list[dict[str, Any]] = []
    for row in rows:
        goal = row["goal"]
        alike = [r for r in references if r["epochs"] == row["epochs"]]
        able = [r for r in alike if r["accuracy"] >= goal] or [r for r in alike if r["name"] == "S1-L100"]
        rival = min(able, key=lambda r: r[cost], default=None)
        ratio = row[cost] / rival[cost] if rival else None
        found.append(
            {
                "goal": goal,
                "reached": row["accuracy"],
                "epochs": row["epochs"],
                "met": row["accuracy"] >= goal,
                "overshoot": row["accuracy"] - goal,
                "within": goal <= row["accuracy"] <= goal + TOLERANCE,
                cost: row[cost],
                "rival": rival["name"] if rival else None,
                "ratio": ratio,
                "saving_met": None if ratio is None else ratio <= SAVING[goal],
                "seconds": row["seconds"],
            }
        )
    return found


def judge_methods(rows: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Builds of other methods beside those of method goal at the same goals, by energy."""
    energies = {row["goal"]: row["energy_j"] for row in own}
    return [
        {
            "method": row["method"],
            "goal": row["goal"],
            "reached": row["accuracy"],
            "met": row["accuracy"] >= row["goal"],
            "energy_j": row["energy_j"],
            "ratio": energies[row["goal"]] / row["energy_j"] if row["goal"] in energies else None,
            "seconds": row["seconds"],
        }
        for row in rows
    ]


def table(result: dict[str, Any]) -> str:
    """All that is known, a line each."""
    lines: list[str] = []
    for part, cost, unit in (("energy", "energy_j", "J"), ("latency", "latency_s", "s")):
        for row in result.get(f"judged_{part}", []):
            rival = (
                f"{row['ratio']:.2f} of {row['rival']}" if row["ratio"] is not None else "no rival trained"
            )
            lines.append(
                f"{part} goal {row['goal']:.2f} reached {row['reached']:.4f} "
                f"{'within' if row['within'] else 'OUTSIDE'} {row[cost]:.4g} {unit} {rival} "
                f"({row['epochs']} epochs)"
            )
    lines += [
        f"published {row['name']} {row['accuracy']:.4f} {row['energy_j']:.3f} J {row['latency_s']:.4g} s "
        f"({row['epochs']} epochs)"
        for row in result.get("published", [])
    ]
    for row in result.get("judged_methods", []):
        ours = f"method goal took {row['ratio']:.2f} of it" if row["ratio"] else "no row of method goal"
        lines.append(
            f"{row['method']} goal {row['goal']:.2f} reached {row['reached']:.4f} "
            f"{row['energy_j']:.3f} J {ours}"
        )
    model = result["accuracy_model"]
    error = model["median_error_points"]
    lines.append(f"accuracy model: n {model['n']}, tau {model['tau']}, median error {error} points")
    lines += [f"{part}: {minutes} minutes" for part, minutes in result["minutes"].items()]
    return "\n".join(lines)
