"""Part `published` of the goal benchmark: the rivals of the goals, trained with the same recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import torch

from goal_shared import GOALS, Clock, Teller, settings_for
from wattnas.device import predict
from wattnas.export import wilson
from wattnas.goals import Workshop, path_of
from wattnas.pipeline import start_run
from wattnas.pipeline.context import Context
from wattnas.pipeline.goal import adviser_of, workshop_of
from wattnas.rundir import RunDir
from wattnas.train import count_correct
from wattnas.zoo import published_architecture, published_operations


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


def _cost(context: Context, name: str) -> tuple[float, float]:
    report = predict(context.profile, context.layout, published_architecture(name)[0])
    return report.energy_j, report.latency_s
