"""Many goals on one device: a build each, one supernet for all, and `sweep.json` with the whole front."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wattnas.config import Settings, merge_settings
from wattnas.device import cost_table, predict
from wattnas.errors import ConfigError
from wattnas.goals import Neighbour, architecture_of, path_of
from wattnas.pipeline.build import Outcome, build_run
from wattnas.pipeline.context import Context, start_run
from wattnas.pipeline.goal import read_advice
from wattnas.pipeline.summary import summarise
from wattnas.progress import Progress
from wattnas.report import write_report
from wattnas.report.sweep_file import NAME, LayerCost, LayerShape, Point, Reference, SweepFile
from wattnas.rundir import RunDir, now
from wattnas.units import Quantity
from wattnas.zoo import published_architecture, published_operations, published_rows

_PUBLISHED_SPACE = "cifar"


def sweep_goals(
    settings: Settings, goals: Sequence[float], out: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Build for every goal in `out`/goal-GOAL, write `sweep.json` and its page; the summaries, in order.

    Raises:
        ConfigError: the method is not `goal`, or no goal is given.
        GoalError: no architecture keeps the bounds.
    """
    if not settings.is_goal:
        raise ConfigError(
            f"A sweep shares one supernet among goals; method {settings.method!r} does not.",
            "Leave --method away, or build each goal on its own.",
        )
    if not goals:
        raise ConfigError("No goals were given.", "Say e.g. --goals 0.5,0.6,0.7.")
    found: list[tuple[Context, Outcome, dict[str, Any]]] = []
    before: Context | None = None
    for goal in goals:
        path = out / f"goal-{goal:g}"
        progress.say(f"goal {goal:.1%}:")
        own = settings.model_copy(update={"goal_accuracy": goal})
        with RunDir(path).locked():
            context = start_run(path, own, progress, before)
            outcome = build_run(context)
        found.append((context, outcome, summarise(path, outcome)))
        before = context
        _write(out, found)
    return [summary for _, _, summary in found]


def _write(out: Path, found: Sequence[tuple[Context, Outcome, dict[str, Any]]]) -> None:
    """The sweep as far as it has come, and its page."""
    context = found[0][0]
    layout = context.layout
    table = cost_table(context.profile, layout)
    layers = [
        LayerShape(
            in_channels=layer.in_channels,
            out_channels=layer.out_channels,
            out_size=layer.out_size,
            stride=layer.stride,
        )
        for layer in layout.layers
    ]
    costs = [
        {
            name: LayerCost(latency_s=cell.latency, energy_j=cell.energy)
            for name, cell in zip(layout.space.candidates, row, strict=True)
        }
        for row in table.cells
    ]
    built = [_built(out, *entry) for entry in found]
    seconds: dict[str, float] = {}
    for _, _, summary in found:
        for part, value in summary["seconds"].items():
            seconds[part] = seconds.get(part, 0.0) + value
    manifest = context.run.manifest
    goals = f"{len(found)} goal" if len(found) == 1 else f"{len(found)} goals"
    sweep = SweepFile(
        title=f"{context.settings.data}: {goals} on {context.profile.name}",
        device=context.profile.name,
        space=layout.space.name,
        data=context.settings.data,
        minimize=context.settings.minimize,
        layers=tuple(layers),
        layer_costs=tuple(costs),
        points=(*built, *_expected(found, {point.architecture for point in built})),
        references=tuple(_references(context)),
        created=now(),
        seconds=seconds,
        facts={"seed": context.settings.seed, **manifest["versions"], **manifest["machine"]},
        warnings=tuple(dict.fromkeys(text for c, _, _ in found for text in c.run.manifest["warnings"])),
    )
    sweep.save(out / NAME)
    write_report(out)


def _built(out: Path, context: Context, outcome: Outcome, summary: dict[str, Any]) -> Point:
    accuracy = outcome.verification.accuracy
    goal = context.settings.goal_accuracy
    assert goal is not None
    return Point(
        name=f"goal {100 * goal:g} %",
        architecture=outcome.costs.architecture,
        accuracy=Quantity(
            value=accuracy.accuracy,
            unit="1",
            origin="measured",
            low=accuracy.low,
            high=accuracy.high,
            n=accuracy.n,
            source="test images, through the exported file",
        ),
        command=_command(context.settings, goal),
        goal=goal,
        met=summary["met"],
        run=str(context.run.path.relative_to(out)),
        **_costs(outcome.costs.sources.model_dump() | {"memory_bytes": outcome.costs.memory_bytes}),
    )


def _expected(
    found: Sequence[tuple[Context, Outcome, dict[str, Any]]], known: set[tuple[str, ...]]
) -> list[Point]:
    """The networks that the models expect between and around those that were built."""
    neighbours: dict[tuple[str, ...], tuple[Context, Neighbour, int | None]] = {}
    for context, _, _ in found:
        advice = read_advice(context.run)
        if advice is None:
            continue
        for neighbour in advice.front:
            if neighbour.operations not in known:
                neighbours[neighbour.operations] = (context, neighbour, advice.epochs)
    ordered = sorted(neighbours.values(), key=lambda entry: entry[1].accuracy)
    return [_expected_point(number, *entry) for number, entry in enumerate(ordered, start=1)]


def _expected_point(number: int, context: Context, neighbour: Neighbour, epochs: int | None) -> Point:
    goal = round(neighbour.accuracy, 3)
    after = "" if epochs is None else f", expected after {epochs} epochs"
    return Point(
        name=f"expected {number}: {100 * goal:.1f} %",
        architecture=neighbour.operations,
        accuracy=Quantity(
            value=neighbour.accuracy,
            unit="1",
            origin="predicted",
            source=f"accuracy model; not trained{after}",
        ),
        command=_command(context.settings, goal),
        **_predicted(context, neighbour.operations),
    )


def _references(context: Context) -> list[Reference]:
    """Published architectures of the same space, with the accuracy that their authors state."""
    if context.layout.space.name != _PUBLISHED_SPACE:
        return []
    found: list[Reference] = []
    for name in published_operations():
        architecture, space = published_architecture(name)
        if space.hash == context.layout.space.hash:
            accuracy = Quantity(
                value=published_rows()[name].accuracy,
                unit="1",
                origin="literature",
                source="Ozawa et al., CIFAR-10, 10,000 test images",
            )
            found.append(
                Reference(
                    name=name,
                    architecture=architecture.operations,
                    accuracy=accuracy,
                    group="Ozawa et al.",
                    **_predicted(context, architecture.operations),
                )
            )
    return found


def _predicted(context: Context, operations: tuple[str, ...]) -> dict[str, Quantity]:
    layout = context.layout
    report = predict(context.profile, layout, architecture_of(path_of(operations, layout), layout))
    return _costs(report.sources.model_dump() | {"memory_bytes": report.memory_bytes})


def _costs(named: dict[str, Any]) -> dict[str, Quantity]:
    return {
        name: value if isinstance(value, Quantity) else Quantity.model_validate(value)
        for name, value in named.items()
    }


def _command(settings: Settings, goal: float) -> str:
    """The build of one goal, with every setting that is not the preset's own."""
    given = {"data": settings.data, "goal_accuracy": goal, "device": settings.device}
    given |= {"preset": settings.preset, "space": settings.space}
    words = ["wattnas", "build", *(part for key, value in given.items() for part in (_flag(key), f"{value}"))]
    plain, own = merge_settings(given).flat(), settings.model_copy(update={"goal_accuracy": goal}).flat()
    for key, value in own.items():
        if value != plain[key]:
            words += ["--set", f"{key}={json.dumps(value)}"]
    return shlex.join(words)


def _flag(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def parse_goals(text: str) -> list[float]:
    """Goals in "0.5,0.6,0.7", each once, in the order given; ConfigError for anything else."""
    goals: list[float] = []
    for part in text.split(","):
        try:
            goal = float(part)
        except ValueError as error:
            raise ConfigError(
                f"{part.strip()!r} is not a goal.", "Write e.g. --goals 0.5,0.6,0.7."
            ) from error
        if not 0.0 < goal <= 1.0:
            raise ConfigError(f"A goal of {goal:g} is not above 0 and up to 1.", "0.8 is 80 %.")
        if goal not in goals:
            goals.append(goal)
    return goals
