"""Which shared supernet says most of networks after their final training: measured, not believed.

    python bench/compare_supernets.py RUN_DIR [--variants as-is,uniform,...] [--json]

RUN_DIR is a run of method goal. Each variant of its supernet is trained (and kept in the cache, beside the
others), and every network that the cache holds with its final training is looked at with it. Printed for each
variant: Kendall's tau of the inherited with the final accuracies, the ridge's leave-one-out error over the
survey, and what the accuracy model predicts of each network when it is left out of what the model knows.
"without" is that model when every network has the same inherited accuracy: what size alone says.

Resumable: a supernet that was cut off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import kendalltau

from wattnas.cli.watch import watching
from wattnas.device import network_costs
from wattnas.files import user_cache
from wattnas.goals import TrainedRecord, Workshop, path_of
from wattnas.goals.model import Knowledge, shape_of
from wattnas.goals.survey import Surveyed
from wattnas.pipeline import open_run
from wattnas.pipeline.context import Context
from wattnas.pipeline.goal import workshop_of
from wattnas.progress import Progress, Silent
from wattnas.rundir import RunDir

VARIANTS: dict[str, dict[str, Any]] = {
    "as-is": {},
    "uniform": {"sampling": "uniform"},
    "images-x8": {"images": 8},
    "epochs-x4": {"epochs": 4},
}
"""Changed settings of section supernet; numbers are factors."""


@dataclass(frozen=True)
class Seen:
    """What one supernet shows: its survey, and every trained network with its inherited accuracy."""

    survey: list[Surveyed]
    trained: list[TrainedRecord]
    seconds: float


def see(context: Context, changed: dict[str, Any], progress: Progress) -> Seen:
    """Train the supernet if need be, and look at every trained network."""
    settings = context.settings
    values = settings.supernet.model_dump()
    for name, value in changed.items():
        values[name] = value if isinstance(value, str) else values[name] * value
    changed_settings = settings.model_copy(
        update={"supernet": type(settings.supernet).model_validate(values)}
    )
    subject = replace(workshop_of(context).subject, settings=changed_settings)
    workshop = Workshop(subject, user_cache() / "goals", progress)
    # Without what picks have added since: every variant has as many.
    survey = workshop.survey()[: changed_settings.supernet.survey]
    stages = RunDir(workshop.folder).load()["stages"]
    seconds = sum(stages[name]["wall_s"] for name in ("supernet", "survey"))
    return Seen(survey, workshop.trained(), seconds)


def judge(context: Context, seen: Seen, *, blind: bool = False) -> dict[str, Any]:
    """How well final accuracies are known; `blind` to inherited ones."""
    layout = context.layout
    shape = shape_of(layout, network_costs(context.profile, layout))
    survey, trained = seen.survey, seen.trained
    if blind:
        one = survey[0]
        survey = [entry.model_copy(update={"correct": one.correct, "n": one.n}) for entry in survey]
        same = {"inherited_correct": one.correct, "inherited_n": one.n}
        trained = [record.model_copy(update=same) for record in trained]
    predicted: list[float] = []
    for place, record in enumerate(trained):
        others = trained[:place] + trained[place + 1 :]
        knowledge = Knowledge.gather(layout, shape, survey, others, record.n)
        looked = Surveyed(
            operations=record.operations, correct=record.inherited_correct, n=record.inherited_n
        )
        predicted.append(knowledge.predict(path_of(record.operations, layout), looked).accuracy)
    reached = [record.accuracy for record in trained]
    inherited = [record.inherited_correct / record.inherited_n for record in trained]
    errors = [100.0 * (p - r) for p, r in zip(predicted, reached, strict=True)]
    knowledge = Knowledge.gather(layout, shape, survey, trained, trained[0].n)
    return {
        "n": len(trained),
        "tau_inherited": None if blind else float(kendalltau(inherited, reached)[0]),
        "survey_error_logit": knowledge.inherited.error,
        "tau_predicted": float(kendalltau(predicted, reached)[0]),
        "rms_points": (sum(error**2 for error in errors) / len(errors)) ** 0.5,
        "median_points": median(abs(error) for error in errors),
        "seconds": seen.seconds,
    }


def main() -> None:
    """Judge every variant and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with RunDir(options.run).locked():
        context = open_run(options.run, Silent())
    names = options.variants.split(",")
    if unknown := set(names) - set(VARIANTS):
        parser.error(f"no variant {', '.join(sorted(unknown))}; there are {', '.join(VARIANTS)}")
    if len(workshop_of(context).trained()) < 3:
        parser.error(
            f"fewer than 3 trained networks lie in the cache of {options.run}; build for a goal first"
        )
    rows: dict[str, dict[str, Any]] = {}
    for name in names:
        with watching(quiet=options.json) as watcher:
            seen = see(context, VARIANTS[name], watcher)
        if not rows:
            rows["without"] = judge(context, seen, blind=True)
        rows[name] = judge(context, seen)
    if options.json:
        print(json.dumps(rows))
        return
    for name, row in rows.items():
        tau = "" if row["tau_inherited"] is None else f"tau of inherited {row['tau_inherited']:.2f}, "
        print(
            f"{name}: {row['n']} networks, {tau}tau of predicted {row['tau_predicted']:.2f}, "
            f"{row['rms_points']:.2f} points rms, {row['median_points']:.2f} median; "
            f"survey's error {row['survey_error_logit']:.3f} nats; {row['seconds'] / 60:.1f} min"
        )


if __name__ == "__main__":
    main()
