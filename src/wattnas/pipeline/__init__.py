"""The stages of a build, each from files to files, and the build that runs them in turn."""

from wattnas.pipeline.build import STAGES, Outcome, build_run, follow_build, redo, run_stage
from wattnas.pipeline.context import Context, open_run, start_run
from wattnas.pipeline.evaluate import evaluate_run
from wattnas.pipeline.on_device import OnDevice, Question, verify_on
from wattnas.pipeline.reproduction import changes, reproduce
from wattnas.pipeline.stages import run_report
from wattnas.pipeline.summary import summarise
from wattnas.pipeline.sweep import parse_goals, sweep_goals

__all__ = [
    "STAGES",
    "Context",
    "OnDevice",
    "Outcome",
    "Question",
    "build_run",
    "changes",
    "evaluate_run",
    "follow_build",
    "open_run",
    "parse_goals",
    "redo",
    "reproduce",
    "run_report",
    "run_stage",
    "start_run",
    "summarise",
    "sweep_goals",
    "verify_on",
]
