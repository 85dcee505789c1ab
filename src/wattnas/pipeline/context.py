"""What every stage needs: the run, its settings, and data, space and device profile made from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from wattnas.compute import CPU, Compute, choose_compute, keep_freed_memory
from wattnas.config import Settings, describe
from wattnas.data import Dataset, SplitReport, Splits, load_data, make_splits
from wattnas.device import LOCAL, Profile, load_profile, local_profile, network_costs
from wattnas.errors import RunError
from wattnas.export import versions
from wattnas.files import write_text
from wattnas.machine import read_machine
from wattnas.pipeline.inputs import ChosenInput, choose_input
from wattnas.pipeline.refusals import refuse_impossible, refuse_method
from wattnas.progress import Progress, Silent, counted
from wattnas.rundir import RunDir
from wattnas.space import Architecture, Layout, Space, load_space

PROFILE_FILE = "profile.json"


@dataclass
class Context:
    """A run with what its stages share; data, space and profile are made when first asked for.

    Attributes:
        run: the directory, locked by this process.
        settings: as stored in the run.
        progress: who watches.
        compute: where search and training run.
    """

    run: RunDir
    settings: Settings
    progress: Progress
    compute: Compute = CPU

    @cached_property
    def dataset(self) -> Dataset:
        """The images; RunError where they are not those the run began with."""
        self.progress.say(f"reading {self.settings.data}")
        dataset = load_data(self.settings.data, self._choose, skip_bad=self.settings.skip_bad)
        known = self.run.manifest.get("data", {}).get("hash")
        if known is not None and known != dataset.hash:
            raise RunError(
                f"The images of {self.settings.data} are not those {self.run.path} began with.",
                "Put the old ones back, or choose another --out.",
            )
        return dataset

    @cached_property
    def splits(self) -> Splits:
        """The images, split by the run's seed and shares."""
        share = self.settings.split
        return make_splits(
            self.dataset,
            seed=self.settings.seed,
            theta_share=share.theta,
            validation_share=share.validation,
            test_share=share.test,
        )

    @cached_property
    def space(self) -> Space:
        """The space; RunError where its file is not what it was when the run began."""
        space = load_space(self._input.space)
        stored = self.run.manifest.get("space")
        if stored and stored["hash"] != space.hash:
            raise RunError(
                f"Space {stored['source']!r} is not what it was when {self.run.path} began.",
                "Put the old file back, or choose another --out.",
            )
        return space

    @cached_property
    def layout(self) -> Layout:
        """The space at the images' size and classes."""
        chosen = self._input
        stored = self.run.manifest.get("space")
        classes = stored["classes"] if stored else len(self.dataset.classes)
        return Layout.resolve(self.space, classes, chosen.channels, chosen.size)

    @cached_property
    def _input(self) -> ChosenInput:
        """What the run began with; for a new run, what suits the images."""
        stored = self.run.manifest.get("space")
        if stored:
            return ChosenInput(stored["source"], stored["channels"], stored["size"])
        return choose_input(self.settings, *self.dataset.native)

    @cached_property
    def profile(self) -> Profile:
        """The device profile; the run keeps a copy, so that it stays the same when the run is resumed."""
        kept = self.run.file(PROFILE_FILE)
        if kept.is_file():
            return load_profile(str(kept))
        if self.settings.device == LOCAL:
            with counted("profile of this machine (kept for later runs)", self.progress) as tell:
                profile = local_profile(self.layout, progress=tell)
        else:
            profile = load_profile(self.settings.device)
        write_text(kept, profile.to_json())
        return profile

    @property
    def architecture(self) -> Architecture:
        """The architecture that the search found; RunError where there is none yet."""
        path = self.run.file("architecture.json")
        if not path.is_file():
            raise RunError(
                f"{self.run.path} has no architecture yet.", f"Run `wattnas search {self.run.path}` first."
            )
        return Architecture.load(path, self.space)

    @property
    def log_end(self) -> int:
        """Length of the metrics log in bytes after the stages that are done."""
        return max((stage.get("log_bytes", 0) for stage in self.run.manifest["stages"].values()), default=0)

    def _choose(self, channels: int, size: int) -> tuple[int, int]:
        stored = self.run.manifest.get("space")
        chosen = self._input if stored else choose_input(self.settings, channels, size)
        return chosen.channels, chosen.size


def start_run(path: Path, settings: Settings, progress: Progress, like: Context | None = None) -> Context:
    """Begin or resume a run with `settings`; the run has to be locked.

    A run begins when its input is known to be usable. What is refused here leaves no run behind, so that the
    same command with a better option can use the same directory.

    Args:
        like: a run in this process whose images are taken over where they are the same.

    Raises:
        RunError: the directory holds something else or a run with other settings.
        WattnasError: images, space, method or profile do not do.
    """
    run = RunDir(path)
    context = Context(run, settings, progress, _prepare(settings))
    if like is not None and _reads_alike(like.settings, settings):
        context.__dict__.update(dataset=like.dataset, splits=like.splits)  # what the cached properties keep
    stored = settings.model_dump(mode="json")
    if run.exists:
        run.start(stored, {})
        return _begun(context)
    run.refuse_foreign()
    _refuse_unusable(context)
    warnings = _warnings(context.dataset, context.splits.report)
    facts = {"versions": versions(), "machine": _machine(context.compute), **_inputs(context)}
    run.start(stored, facts, warnings)
    for text in warnings:
        progress.say(f"note: {text}")
    return _begun(context)


def _reads_alike(one: Settings, other: Settings) -> bool:
    """Whether both settings read and split the very same images."""
    parts = {"data", "skip_bad", "device", "space", "image_size", "seed", "split"}
    return one.model_dump(include=parts) == other.model_dump(include=parts)


def _begun(context: Context) -> Context:
    """Let the other processes, if any, join the run."""
    if context.compute.processes > 1:
        _ = context.profile  # they read the run's copy
        context.compute.wait()
    return context


def join_run(path: Path, settings: Settings) -> Context:
    """The run that the first process of several begins, for the others; waits for it."""
    context = Context(RunDir(path), settings, Silent(), _prepare(settings))
    context.compute.wait()
    context.run.load()
    return context


def open_run(path: Path, progress: Progress) -> Context:
    """A run that was started before, with its own settings."""
    try:
        settings = Settings.model_validate(RunDir(path).load()["settings"])
    except ValidationError as error:
        raise RunError(
            f"{path / 'run.json'} does not fit this version: {describe(error)[0]}",
            "Use the version that wrote it, or build again with another --out.",
        ) from error
    return start_run(path, settings, progress)


def _refuse_unusable(context: Context) -> None:
    """Raise now what would stop the search. Names come first: reading the images may take minutes."""
    settings = context.settings
    refuse_method(settings)
    if settings.space != "auto":
        load_space(settings.space)
    profile = None if settings.device == LOCAL else load_profile(settings.device)
    if profile is not None:
        refuse_impossible(settings, network_costs(profile, context.layout))


def _inputs(context: Context) -> dict[str, Any]:
    """For the manifest: which space and images the run works on."""
    dataset, layout = context.dataset, context.layout
    return {
        "space": {
            "source": choose_input(context.settings, *dataset.native).space,
            "name": layout.space.name,
            "hash": layout.space.hash,
            "channels": layout.channels,
            "size": layout.size,
            "classes": layout.classes,
            "candidates": list(layout.space.candidates),
        },
        "data": {
            "source": dataset.source,
            "hash": dataset.hash,
            "classes": list(dataset.classes),
            "skipped": list(dataset.skipped),
            "splits": context.splits.report.to_json(),
        },
    }


def _warnings(dataset: Dataset, report: SplitReport) -> list[str]:
    """What a user should know of the images, in words."""
    found = []
    if dataset.skipped:
        found.append(f"{len(dataset.skipped)} files or rows were left out, the first: {dataset.skipped[0]}.")
    if report.test_in_train.total:
        found.append(
            f"{report.test_in_train.total} test images are training images too: test accuracy reads too high."
        )
    if report.repeated:
        found.append(f"{report.repeated} images repeat an earlier one; copies were kept in one split.")
    if report.contradictions.total:
        found.append(f"{report.contradictions.total} images repeat one of another class.")
    return found


def _prepare(settings: Settings) -> Compute:
    keep_freed_memory()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    return choose_compute(settings.processor, settings.precision)


def _machine(compute: Compute) -> dict[str, Any]:
    machine = read_machine()
    return {
        "cpu": machine.cpu,
        "cores": machine.cores,
        "threads": torch.get_num_threads(),
        "system": machine.system,
        "processor": compute.name,
        "precision": "bfloat16" if compute.autocast else "float32",
        "processes": compute.processes,
    }
