"""Tables 2 and 3 of Ozawa et al. again: each row a run directory of its own, trained and measured here.

Three kinds of rows. Where the paper draws the architecture, it is trained. Reference networks are trained in
their 32x32 form. For the others the paper gives figures alone, so their method searches here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save
from torch import nn

from wattnas.analysis.tables import Ours, read_ours
from wattnas.checkpoint import contiguous
from wattnas.config import Settings, merge_settings
from wattnas.device import predict
from wattnas.errors import ConfigError, WattnasError
from wattnas.export import OnnxModel, check_parity, evaluate_onnx, measure_latency, onnx_bytes, verify
from wattnas.files import write_bytes, write_text
from wattnas.pipeline.build import run_stage
from wattnas.pipeline.context import Context, start_run
from wattnas.pipeline.stages import PARITY_IMAGES, new_stage, run_report
from wattnas.progress import Progress
from wattnas.rundir import Clock, RunDir
from wattnas.seeding import own_random_state, seed_step
from wattnas.train import TrainProblem, train
from wattnas.units import Quantity
from wattnas.zoo import (
    CIFAR,
    ENTRIES,
    Entry,
    Normalised,
    published_architecture,
    published_operations,
    published_rows,
)

_CLASSES = 10
_DEMO: dict[str, Any] = {
    "search": {"epochs": 3, "theta_from_epoch": 1, "min_steps": 1},
    "train": {"epochs": 1, "min_steps": 1},
}
"""What the preset demo has besides its own settings: large networks take their time on two cores."""


class Failed(NamedTuple):
    """A row that did not come out, and why."""

    name: str
    reason: str


def settings_of(name: str, preset: str, data: str, threads: int, seed: int) -> Settings:
    """The settings of one row; ConfigError where the preset is none."""
    method, goal = _method(name)
    given: dict[str, Any] = {
        "data": data,
        "preset": preset,
        "space": "cifar",
        "device": "ozawa-2021",
        "method": method,
        "goal_accuracy": goal,
        "seed": seed,
        **({"threads": threads} if threads else {}),
        **(_DEMO if preset == "demo" else {}),
    }
    return merge_settings(given)


def _method(name: str) -> tuple[str, float]:
    """Method and goal that the name of a row states; references have none that matters."""
    method, _, level = name.lower().partition("-l")
    if method in ("s1", "s2"):
        return method, int(level) / 100
    return ("s2" if name == "S2-Normal" else name.lower() if name.startswith("FBNet") else "s1"), 1.0


def changes(preset: str, data: str) -> list[str]:
    """What a preset changes from the paper's settings, one sentence each."""
    paper, here = (settings_of("FBNet1", chosen, data, 0, 0).flat() for chosen in ("paper", preset))
    found = [f"{key}: {here[key]} instead of {value}" for key, value in paper.items() if here[key] != value]
    return [text for text in found if not text.startswith("preset:")]


def reproduce(
    names: Iterable[str],
    preset: str,
    data: str,
    out: Path,
    progress: Progress,
    *,
    threads: int = 0,
    seed: int = 0,
) -> tuple[dict[str, Ours], list[Failed]]:
    """Every row that `names` name, those that are done from their files; one that fails stops no other."""
    found: dict[str, Ours] = {}
    failed: list[Failed] = []
    for name in names:
        if name not in published_rows():
            raise ConfigError(f"The paper has no {name!r}.", f"It has {', '.join(published_rows())}.")
        progress.say(f"{name}:")
        try:
            found[name] = reproduce_row(
                name, settings_of(name, preset, data, threads, seed), out / name, progress
            )
        except WattnasError as error:
            failed.append(Failed(name, str(error)))
            progress.say(f"{name} failed: {error}")
    return found, failed


def reproduce_row(name: str, settings: Settings, path: Path, progress: Progress) -> Ours:
    """Train and measure one row in its run directory `path`, or go on with it."""
    with RunDir(path).locked():
        context = start_run(path, settings, progress)
        entry = _entry(name)
        if not context.run.is_done("verify"):
            if entry.built_by == "pytorchcv":
                _reference(entry, context)
            else:
                _searched(name, context)
        return _with_params(read_ours(path), path)


def _entry(name: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.row == name)


def _searched(name: str, context: Context) -> None:
    """The stages of a build; the search is done beforehand where the paper draws what it found."""
    if name in published_operations() and not context.run.is_done("search"):
        architecture, _ = published_architecture(name)
        report = predict(context.profile, context.layout, architecture)
        write_text(context.run.file("costs.json"), report.model_dump_json(indent=2) + "\n")
        write_text(context.run.file("architecture.json"), architecture.model_dump_json(indent=2) + "\n")
        context.run.finish("search", 0.0, published=name)
    for stage in ("search", "train", "export", "verify"):
        run_stage(context, stage)
    run_report(context)


def _reference(entry: Entry, context: Context) -> None:
    """Train, export and verify a network that is no architecture of a space, in the files of a run."""
    if len(context.dataset.classes) != _CLASSES:
        raise ConfigError(
            f"{context.settings.data} has {len(context.dataset.classes)} classes, the tables {_CLASSES}.",
            "Give CIFAR-10.",
        )
    network = _fresh(entry, context)
    if not context.run.is_done("train"):
        _train(network, context)
    _verify(entry, _trained(network, context), context)


def _fresh(entry: Entry, context: Context) -> nn.Module:
    with own_random_state():
        seed_step(context.settings.seed, "train", "init")
        network = entry.make()
    return Normalised(network, context.splits.mean, context.splits.std)


def _train(network: nn.Module, context: Context) -> None:
    stage = new_stage(context, "train")
    problem = TrainProblem(
        network=network,
        images=context.splits.train,
        validation=context.splits.validation,
        settings=context.settings.train,
        augment=context.settings.augment,
        flip=context.dataset.flip,
        seed=context.settings.seed,
        compute=context.compute,
    )
    train(problem, stage)
    write_bytes(context.run.file("weights.safetensors"), save(contiguous(network.state_dict())))
    stage.finish()


def _trained(network: nn.Module, context: Context) -> nn.Module:
    network.load_state_dict(load_file(context.run.file("weights.safetensors")))
    return network.cpu().eval()


def _verify(entry: Entry, network: nn.Module, context: Context) -> None:
    """`model.onnx` and `verification.json`, as for any run; and the count of parameters beside them."""
    clock, run, test = Clock(), context.run, context.splits.test
    context.progress.say("exporting, and measuring accuracy and latency through the exported file")
    metadata = _metadata(entry, context)
    write_bytes(run.file("model.onnx"), onnx_bytes(network, torch.zeros(1, *CIFAR), metadata=metadata))
    model = OnnxModel.load(run.file("model.onnx"))
    record = verify(
        model,
        evaluate_onnx(model, test.images, test.labels),
        check_parity(network, model, context.splits.validation.images[:PARITY_IMAGES]),
        data_hash=context.dataset.hash,
        latency=measure_latency(model),
    )
    record.save(run.file("verification.json"))
    run.finish("verify", clock.seconds(), params=sum(p.numel() for p in network.parameters()))


def _metadata(entry: Entry, context: Context) -> Mapping[str, str]:
    return {
        "architecture": entry.title,
        "classes": json.dumps(list(context.dataset.classes), ensure_ascii=False),
        "input": json.dumps(list(CIFAR)),
        "normalisation": "pixel values 0..1, normalised inside",
    }


def _with_params(ours: Ours, path: Path) -> Ours:
    """A reference network has no costs.json; its parameters stand in the manifest."""
    params = RunDir(path).load()["stages"]["verify"].get("params")
    if ours.params is not None or params is None:
        return ours
    return ours._replace(
        params=Quantity(value=params, unit="1", origin="modelled", source="counted: trainable ones")
    )
