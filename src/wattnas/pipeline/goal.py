"""Method `goal` as stages of a run: the closed loop instead of a search, the cache instead of a training."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from wattnas.config import Settings
from wattnas.device import LOCAL, network_costs, predict
from wattnas.errors import ConfigError, RunError
from wattnas.export import wilson
from wattnas.files import user_cache, write_bytes, write_text
from wattnas.goals import (
    WEIGHTS_FILE,
    Advice,
    Adviser,
    ClosedLoop,
    Outcome,
    Predicted,
    Round,
    Subject,
    Wish,
    Workshop,
    architecture_of,
    path_of,
)
from wattnas.pipeline.context import Context
from wattnas.pipeline.refusals import refuse_impossible
from wattnas.rundir import Clock, MetricsLog, RunDir
from wattnas.units import Quantity

ROUNDS_FILE, ADVICE_FILE, TRAIN_LOG = "rounds.json", "advice.json", "train.jsonl"


class _Kept(BaseModel):
    """One round in `rounds.json`: what the report shows, and what the loop goes on with."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    round: int
    kind: Literal["pilot", "round", "best"]
    architecture: tuple[str, ...]
    times: int = 1
    epochs: int | None = None
    predicted: Predicted | None
    correct: int | None
    n: int | None
    predicted_accuracy: Quantity | None
    validation_accuracy: Quantity | None
    energy_j: Quantity
    latency_s: Quantity
    decision: str


class _Rounds(BaseModel):
    """`rounds.json`; `seconds` by part, of this run alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rounds: tuple[_Kept, ...] = ()
    seconds: dict[str, float] = {}
    reason: str = ""


def workshop_of(context: Context) -> Workshop:
    """The cache for the images, space and recipe of a run."""
    subject = Subject(
        layout=context.layout,
        splits=context.splits,
        data_hash=context.dataset.hash,
        flip=context.dataset.flip,
        settings=context.settings,
        compute=context.compute,
    )
    return Workshop(subject, user_cache() / "goals", context.progress)


def wish_of(settings: Settings, images: int) -> Wish:
    """What the settings ask for, judged on so many validation images."""
    return Wish(
        goal=settings.goal_accuracy,
        minimize=settings.minimize,
        bounds=settings.bounds.given(),
        images=images,
        settings=settings.select,
        seed=settings.seed,
    )


def run_goal_search(context: Context) -> None:
    """The closed loop to `architecture.json`, `costs.json`, `rounds.json` and `advice.json`."""
    if context.compute.processes > 1:
        raise ConfigError(
            "Method goal works in one process.", "Start it without torchrun, or choose --method s1."
        )
    run, settings, clock = context.run, context.settings, Clock()
    refuse_impossible(settings, network_costs(context.profile, context.layout))
    profile_s, clock = clock.seconds(), Clock()
    workshop = workshop_of(context)
    before = _load(run.file(ROUNDS_FILE))

    def seconds() -> dict[str, float]:
        spent = {"profile": profile_s} if settings.device == LOCAL else {}
        spent |= workshop.spent_s
        spent["selection"] = clock.seconds() - workshop.busy_s
        return {part: round(before.seconds.get(part, 0.0) + value, 3) for part, value in spent.items()}

    def keep(rounds: Sequence[Round], reason: str = "") -> None:
        kept = tuple(_kept(number, entry, context) for number, entry in enumerate(rounds, start=1))
        content = _Rounds(rounds=kept, seconds=seconds(), reason=reason)
        write_text(run.file(ROUNDS_FILE), content.model_dump_json(indent=1) + "\n")

    loop = _loop(context, workshop, keep, [_round(entry) for entry in before.rounds])
    with closing(workshop):
        outcome = loop.run()
    adviser, epochs = Adviser(loop.picker, loop.picker.knowledge()), _epochs(context, outcome.record.times)
    advice = adviser.advise(outcome.record, reached=outcome.reached, epochs=epochs)
    write_text(run.file(ADVICE_FILE), advice.model_dump_json(indent=1) + "\n")
    keep(outcome.rounds, outcome.reason)
    _write_choice(context, outcome, workshop)
    spent = seconds()
    run.finish("search", sum(spent.values()), parts=spent, reached=outcome.reached, reason=outcome.reason)


def adviser_of(context: Context) -> Adviser:
    """Asks the models about a run's wish, with what the cache knows now."""
    loop = _loop(context, workshop_of(context))
    return Adviser(loop.picker, loop.picker.knowledge())


def _loop(
    context: Context,
    workshop: Workshop,
    keep: Callable[[Sequence[Round]], None] = lambda rounds: None,
    rounds: Sequence[Round] = (),
) -> ClosedLoop:
    costs = network_costs(context.profile, context.layout)
    wish = wish_of(context.settings, len(context.splits.validation))
    return ClosedLoop(context.layout, costs, wish, workshop, keep, rounds)


def _write_choice(context: Context, outcome: Outcome, workshop: Workshop) -> None:
    """The chosen network's files: copies, so that the run stands alone whatever becomes of the cache."""
    run, layout = context.run, context.layout
    path = path_of(outcome.record.operations, layout)
    architecture = architecture_of(path, layout)
    folder = workshop.folder_of(path, outcome.record.times)
    report = predict(context.profile, layout, architecture)
    write_bytes(run.file(WEIGHTS_FILE), folder.file(WEIGHTS_FILE).read_bytes())
    write_bytes(run.file(TRAIN_LOG), folder.file("metrics.jsonl").read_bytes())
    write_text(run.file("costs.json"), report.model_dump_json(indent=2) + "\n")
    write_text(run.file("architecture.json"), architecture.model_dump_json(indent=2) + "\n")


def run_goal_train(context: Context) -> None:
    """The chosen network is trained already: its log joins the run's."""
    run, clock = context.run, Clock()
    try:
        lines = run.file(TRAIN_LOG).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RunError(
            f"{run.file(TRAIN_LOG)} cannot be read: {error.strerror}.",
            f"Run `wattnas search {run.path} --again`.",
        ) from error
    log = MetricsLog(run.file("metrics.jsonl"), context.log_end)
    for line in lines:
        log.write(**json.loads(line))
    end = log.offset()
    log.close()
    run.finish("train", clock.seconds(), log_bytes=end, taken="what the closed loop trained")


def _kept(number: int, entry: Round, context: Context) -> _Kept:
    architecture = architecture_of(path_of(entry.operations, context.layout), context.layout)
    sources = predict(context.profile, context.layout, architecture).sources
    expected, measured = entry.predicted, None
    if entry.correct is not None and entry.n is not None:
        low, high = wilson(entry.correct, entry.n)
        measured = Quantity(
            value=entry.correct / entry.n,
            unit="1",
            origin="measured",
            low=low,
            high=high,
            n=entry.n,
            source="validation images, after final training",
        )
    return _Kept(
        round=number,
        kind=entry.kind,
        architecture=entry.operations,
        times=entry.times,
        epochs=_epochs(context, entry.times),
        predicted=expected,
        correct=entry.correct,
        n=entry.n,
        predicted_accuracy=None if expected is None else _expected(expected),
        validation_accuracy=measured,
        energy_j=sources.energy_j,
        latency_s=sources.latency_s,
        decision=entry.decision,
    )


def _epochs(context: Context, times: int) -> int:
    return context.settings.train.stretched(times).epochs


def _expected(predicted: Predicted) -> Quantity:
    return Quantity(
        value=predicted.accuracy,
        unit="1",
        origin="predicted",
        low=predicted.low,
        high=predicted.high,
        source=f"accuracy model over {predicted.known} trained networks",
    )


def _round(kept: _Kept) -> Round:
    return Round(
        kept.kind, kept.architecture, kept.predicted, kept.correct, kept.n, kept.decision, kept.times
    )


def _load(path: Path) -> _Rounds:
    if not path.is_file():
        return _Rounds()
    try:
        return _Rounds.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        remedy = "Delete it; the loop then begins anew, from the cache."
        raise RunError(f"{path} is damaged.", remedy) from error


def read_advice(run: RunDir) -> Advice | None:
    """`advice.json` of a run; None where there is none."""
    path = run.file(ADVICE_FILE)
    try:
        return Advice.model_validate_json(path.read_bytes()) if path.is_file() else None
    except (OSError, ValidationError) as error:
        raise RunError(f"{path} is damaged.", f"Run `wattnas search {run.path} --again`.") from error
