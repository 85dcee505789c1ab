"""A run's exported network on the device itself: accuracy, latency and energy, beside what was predicted."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field

from wattnas.agent.timing import Protocol
from wattnas.data import ImageSet
from wattnas.device import Device, Profile, learn, predict
from wattnas.device.campaign import hardware_of
from wattnas.device.check import fit_of
from wattnas.device.collect import Collected
from wattnas.device.compose import Composer, export_parts
from wattnas.device.energies import energy_job, energy_quantity
from wattnas.device.job import hashed
from wattnas.device.link import Classes, Energy, Failed, Result, Stretch
from wattnas.errors import DeviceError, RunError
from wattnas.export import Accuracy, OnnxModel, accuracy_of, judge
from wattnas.files import write_text
from wattnas.pipeline.context import Context
from wattnas.space import Architecture
from wattnas.units import Quantity

FILE = "on_device.json"
_BATCH = 64


@dataclass(frozen=True)
class Question:
    """What is to be found out on a device.

    Attributes:
        sample: test images that are sent, at most.
        meter: which energy meter; None measures no energy.
        threads: inside one operation.
        max_latency_s, max_energy_j: bounds that are to hold; None where there is none.
        profile: whose anchor network is timed too, so that the profile can learn; None where it shall not.
        protocol: of the timing.
    """

    sample: int = 500
    meter: str | None = None
    threads: int = 1
    max_latency_s: float | None = None
    max_energy_j: float | None = None
    profile: Profile | None = None
    protocol: Protocol = field(default_factory=Protocol)


class OnDevice(BaseModel):
    """What was found on a device, as `on_device.json` keeps it.

    Attributes:
        device, hardware, runtime: how it was reached, what it is, what ran the network.
        goal_accuracy, accuracy, goal_met: asked for, measured there on some test images, reached or not.
        agreement: share of the sample to which the device gives the same class as this machine.
        latency, energy: measured there; no energy without a meter.
        predicted_latency, predicted_energy: by the run's device profile.
        latency_error: predicted less measured, as a share of what was measured.
        inside: whether the measured latency lies in the predicted interval; None where there is none.
        bounds: each bound that was given, and whether it holds; None where nothing was measured to tell.
        unsteady: why the timing deserves less trust; empty as a rule.
        model_sha256: of the file that ran.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    device: str
    hardware: str
    runtime: str
    goal_accuracy: float | None
    accuracy: Accuracy
    goal_met: bool | None
    agreement: float = Field(ge=0, le=1)
    latency: Quantity
    energy: Quantity | None
    predicted_latency: Quantity
    predicted_energy: Quantity
    latency_error: float
    inside: bool | None
    bounds: dict[str, bool | None]
    unsteady: str = ""
    model_sha256: str
    date: datetime

    @property
    def holds(self) -> bool:
        """Whether the goal is met and no bound is broken or left open."""
        return self.goal_met is not False and all(self.bounds.values())


def verify_on(context: Context, device: Device, question: Question) -> tuple[OnDevice, Profile | None]:
    """Run the exported network of `context` on `device`; also the profile that learned, if one was given.

    Writes `on_device.json` into the run.

    Raises:
        RunError: the run has no exported network yet.
        DeviceError: the device cannot be reached or cannot run the network.
    """
    path = context.run.file("model.onnx")
    if not path.is_file():
        raise RunError(
            f"{context.run.path} has no exported network yet.",
            f"Run `wattnas export {context.run.path}` first.",
        )
    content, sample = path.read_bytes(), _sample(context.splits.test, question.sample)
    job, files = _job(content, sample, context, question)
    answers = _Answers(list(device.run(job, files)), device.name)
    found = _record(context, device, question, path, sample, answers)
    write_text(context.run.file(FILE), found.model_dump_json(indent=2) + "\n")
    return found, _taught(context, question, answers)


def _sample(test: ImageSet, most: int) -> ImageSet:
    """Up to `most` test images, evenly over all of them."""
    picks = np.linspace(0, len(test) - 1, min(most, len(test))).astype(np.int64)
    return test.subset(torch.from_numpy(picks))


def _job(
    content: bytes, sample: ImageSet, context: Context, question: Question
) -> tuple[dict[str, Any], dict[str, bytes]]:
    images = io.BytesIO()
    np.save(images, sample.images.cpu().numpy(), allow_pickle=False)
    anchor = content if question.profile is None else _anchor(context, question.profile)
    sha, files = hashed({"network": content, "anchor": anchor, "images": images.getvalue()})
    job: dict[str, Any] = {
        "models": {"network": sha["network"], "anchor": sha["anchor"]},
        "stretches": [["network"]],
        "anchor": "anchor",
        "threads": question.threads,
        "pin": True,
        "protocol": question.protocol.to_json(),
        "predict": {"model": "network", "images": sha["images"], "batch": _BATCH},
        "token": uuid.uuid4().hex,
        **energy_job(["network"], question.meter),
    }
    return job, files


def _anchor(context: Context, profile: Profile) -> bytes:
    """The network that the profile's seconds are held against."""
    layout = context.layout
    operations = fit_of(profile, layout).anchor.operations
    return Composer(layout, export_parts(layout)).network(Architecture.of(operations, layout.space))


class _Answers:
    """The results of the job, each where it is looked for; DeviceError where one is missing."""

    def __init__(self, results: Sequence[Result], device: str) -> None:
        self.device = device
        self.failed = [result for result in results if isinstance(result, Failed)]
        self.energy = next((result for result in results if isinstance(result, Energy)), None)
        self._classes = next((result for result in results if isinstance(result, Classes)), None)
        self._stretch = next((result for result in results if isinstance(result, Stretch)), None)

    @property
    def classes(self) -> tuple[int, ...]:
        """What the network said of each image."""
        if self._classes is None:
            raise self._lost("classify the images")
        return self._classes.classes

    @property
    def stretch(self) -> Stretch:
        """The timing."""
        if self._stretch is None:
            raise self._lost("time the network")
        return self._stretch

    def _lost(self, what: str) -> DeviceError:
        first = self.failed[0] if self.failed else None
        why = f": {first.message}" if first else "."
        return DeviceError(f"{self.device} could not {what}{why}", first.hint if first else "Run it again.")


def _record(
    context: Context, device: Device, question: Question, path: Path, sample: ImageSet, answers: _Answers
) -> OnDevice:
    hello = device.hello()
    here = OnnxModel.load(path)
    said = torch.tensor(answers.classes)
    accuracy = accuracy_of(said.numpy(), sample.labels, here.classes)
    costs = predict(context.profile, context.layout, context.architecture).sources
    latency = _latency(answers.stretch, hello.onnxruntime, device.name, question)
    energy = (
        energy_quantity(answers.energy, device.name, question.meter)
        if answers.energy and question.meter
        else None
    )
    goal = context.settings.goal_accuracy
    predicted = costs.latency_s
    within = None
    if predicted.low is not None and predicted.high is not None:
        within = predicted.low <= latency.value <= predicted.high
    return OnDevice(
        device=device.name,
        hardware=hardware_of(hello),
        runtime=f"onnxruntime {hello.onnxruntime}",
        goal_accuracy=goal,
        accuracy=accuracy,
        goal_met=judge(accuracy, goal)[0],
        agreement=float((said.numpy() == here.predict(sample.images).argmax(axis=1)).mean()),
        latency=latency,
        energy=energy,
        predicted_latency=predicted,
        predicted_energy=costs.energy_j,
        latency_error=predicted.value / latency.value - 1,
        inside=within,
        bounds=_bounds(question, latency, energy),
        unsteady=answers.stretch.rejected or "",
        model_sha256=here.sha256,
        date=datetime.now(timezone.utc).replace(microsecond=0),
    )


def _latency(stretch: Stretch, runtime: str | None, device: str, question: Question) -> Quantity:
    found = stretch.items["network"]
    return Quantity(
        value=found.seconds,
        unit="s",
        origin="measured",
        low=found.low,
        high=found.high,
        n=len(found.rounds),
        source=f"{device}, onnxruntime {runtime}, {question.threads} thread(s), batch 1",
    )


def _bounds(question: Question, latency: Quantity, energy: Quantity | None) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}
    if question.max_latency_s is not None:
        found["max_latency"] = latency.value <= question.max_latency_s
    if question.max_energy_j is not None:
        found["max_energy"] = None if energy is None else energy.value <= question.max_energy_j
    return found


def _taught(context: Context, question: Question, answers: _Answers) -> Profile | None:
    """The profile after this network, at the speed its seconds hold for."""
    if question.profile is None:
        return None
    anchor = fit_of(question.profile, context.layout).anchor
    collected = Collected(anchor)
    collected.add(answers.stretch)
    timed = collected.timed()["network"]
    factor = anchor.seconds / collected.anchor_s
    return learn(
        question.profile, context.layout, context.architecture, timed.seconds * factor, timed.sigma * factor
    )
