"""From settings to a verified network: every stage that is not done yet, in order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from wattnas.config import Settings
from wattnas.device import CostReport
from wattnas.errors import RunError
from wattnas.export import Verification
from wattnas.pipeline.context import Context, join_run
from wattnas.pipeline.goal import ROUNDS_FILE
from wattnas.pipeline.stages import STAGE_FUNCTIONS, run_report

STAGES = tuple(STAGE_FUNCTIONS)
_MAKES = {
    "search": "architecture.json",
    "train": "weights.safetensors",
    "export": "model.onnx",
    "verify": "verification.json",
}


SHARED = ("search", "train")
"""Stages that all processes of a build work on; the first does the others alone."""


class Outcome(NamedTuple):
    """What a build ended with."""

    verification: Verification
    costs: CostReport


def build_run(context: Context) -> Outcome:
    """Run every stage that is not done, write the report, and return what was reached."""
    for stage in STAGES:
        run_stage(context, stage)
    run_report(context)
    return outcome(context)


def run_stage(context: Context, stage: str) -> bool:
    """Run `stage` unless it is done; returns whether it ran. RunError where an earlier one is not done."""
    if context.run.is_done(stage):
        return False
    for earlier in STAGES[: STAGES.index(stage)]:
        if not context.run.is_done(earlier):
            raise RunError(
                f"{context.run.path} is not ready for {stage}: {earlier} is not done.",
                f"Run `wattnas {_command(earlier)} {context.run.path}` first.",
            )
    STAGE_FUNCTIONS[stage](context)
    if stage in SHARED:
        context.compute.wait()
    return True


def follow_build(path: Path, settings: Settings) -> None:
    """What every process of a build but the first does: its part of search and training."""
    context = join_run(path, settings)
    for stage in SHARED:
        run_stage(context, stage)
        context.run.load()


def redo(context: Context, stage: str) -> None:
    """Forget `stage` and all after it, so that they run again; their files stay until they are replaced."""
    context.run.forget(STAGES[STAGES.index(stage) :])
    if stage == "search":
        context.run.file(ROUNDS_FILE).unlink(missing_ok=True)


def outcome(context: Context) -> Outcome:
    """What the files of a finished run say."""
    try:
        costs = CostReport.model_validate(context.run.read_json("costs.json"))
    except ValidationError as error:
        raise RunError(
            f"{context.run.file('costs.json')} is no cost report: {error.errors()[0]['msg']}.",
            f"Run `wattnas search {context.run.path} --again`.",
        ) from error
    return Outcome(Verification.load(context.run.file("verification.json")), costs)


def _command(stage: str) -> str:
    return "evaluate" if stage == "verify" else stage
