"""The shared supernet of the cache, and the inherited accuracies that were measured with it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from wattnas.checkpoint import contiguous, load_weights
from wattnas.files import write_bytes, write_text
from wattnas.goals.inherited import Inherited
from wattnas.goals.paths import architecture_of, draw_paths
from wattnas.goals.records import read_record, remedy
from wattnas.goals.shared import SharedProblem, empty_supernet, train_shared
from wattnas.goals.subject import Subject
from wattnas.goals.survey import Surveyed, SurveyFile
from wattnas.progress import Progress
from wattnas.rundir import Clock, RunDir
from wattnas.seeding import derive_seed
from wattnas.stage import Stage
from wattnas.supernet import Supernet

SUPERNET_FILE, SURVEY_FILE = "supernet.safetensors", "survey.json"
_SAVE_EVERY = 20


class Surveyor:
    """Trains the supernet once, and measures architectures with its weights.

    Args:
        subject: images, space and recipe.
        folder: where supernet and survey lie, or will.
        progress: who watches.

    Attributes:
        spent_s: seconds that what this object finished has taken, with the time before it was cut off and
            gone on with.
        busy_s: seconds that this object itself worked on supernet and survey.
    """

    def __init__(self, subject: Subject, folder: Path, progress: Progress) -> None:
        self._subject, self._folder, self._progress = subject, RunDir(folder), progress
        self.spent_s = self.busy_s = 0.0

    @property
    def folder(self) -> Path:
        """Where the supernet lies."""
        return self._folder.path

    def survey(self) -> list[Surveyed]:
        """Inherited accuracies measured so far; trains and surveys the supernet first if need be."""
        if not self._folder.exists or not self._is_surveyed():
            self._make_supernet()
        return list(read_record(SurveyFile, self._folder.file(SURVEY_FILE)).networks)

    def _is_surveyed(self) -> bool:
        self._folder.load()
        return self._folder.is_done("survey")

    def _make_supernet(self) -> None:
        clock = Clock()
        with self._folder.locked(patient=True):
            self._folder.start(self._subject.supernet_key(), {"created_by": "method goal"})
            for name, make in (("supernet", self._train_supernet), ("survey", self._take_survey)):
                if not self._folder.is_done(name):
                    make()
                    self.spent_s += self._folder.manifest["stages"][name]["wall_s"]
        self.busy_s += clock.seconds()

    def _train_supernet(self) -> None:
        stage = Stage(
            self._folder,
            "supernet",
            log_start=0,
            checkpoint_s=self._subject.settings.checkpoint_s,
            progress=self._progress,
        )
        net = train_shared(self._shared_problem(), stage)
        write_bytes(self._folder.file(SUPERNET_FILE), save(contiguous(net.state_dict())))
        stage.finish()

    def _take_survey(self) -> None:
        settings, layout = self._subject.settings, self._subject.layout
        clock = Clock()
        seed = derive_seed(settings.seed, "survey")
        paths = draw_paths(layout, settings.supernet.survey, seed, sampling="fair")
        found: list[Surveyed] = []
        if self._folder.file(SURVEY_FILE).is_file():
            found = list(read_record(SurveyFile, self._folder.file(SURVEY_FILE)).networks)
        self._progress.start("survey", len(paths), len(found))
        for number in range(len(found), len(paths)):
            found.append(self._look(paths[number]))
            self._progress.advance(1)
            if len(found) % _SAVE_EVERY == 0:
                self._write_survey(found)
        self._write_survey(found)
        self._folder.finish("survey", clock.seconds())
        self._progress.end()

    def _write_survey(self, found: list[Surveyed]) -> None:
        content = SurveyFile(networks=tuple(found)).model_dump_json(indent=1)
        write_text(self._folder.file(SURVEY_FILE), content + "\n")

    def look(self, path: Tensor) -> Surveyed:
        """The inherited accuracy of `path` (layers,), from the survey or measured and added to it."""
        operations = architecture_of(path, self._subject.layout).operations
        for entry in self.survey():
            if entry.operations == operations:
                return entry
        found = self._look(path)
        with self._folder.locked(patient=True):
            self._write_survey([*read_record(SurveyFile, self._folder.file(SURVEY_FILE)).networks, found])
        return found

    def _look(self, path: Tensor) -> Surveyed:
        operations = architecture_of(path, self._subject.layout).operations
        return Surveyed(
            operations=operations, correct=self._inherited.correct(path), n=self._inherited.images
        )

    @cached_property
    def _inherited(self) -> Inherited:
        splits, limit = self._subject.splits, self._subject.settings.supernet.images
        chosen = torch.randperm(
            len(splits.theta),
            generator=torch.Generator().manual_seed(derive_seed(self._subject.settings.seed, "inherited")),
        )[:limit]
        return Inherited(self._load_supernet(), splits.weights, splits.theta.subset(chosen))

    def _load_supernet(self) -> Supernet:
        net, path = empty_supernet(self._shared_problem()), self._folder.file(SUPERNET_FILE)
        load_weights(net, path, remedy(path))
        return net

    def _shared_problem(self) -> SharedProblem:
        subject = self._subject
        return SharedProblem(
            layout=subject.layout,
            images=subject.splits.weights,
            mean=subject.splits.mean,
            std=subject.splits.std,
            settings=subject.settings.supernet,
            augment=subject.settings.augment,
            flip=subject.flip,
            seed=subject.settings.seed,
            compute=subject.compute,
        )
