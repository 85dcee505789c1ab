"""The cache of method `goal`: one supernet, its survey, and every network ever trained beside it.

What lies there depends on images, space and recipe, never on goal or device:

    supernets/KEY/   run.json, supernet.safetensors, survey.json
    networks/KEY/    one folder per architecture: run.json, metrics.jsonl, weights.safetensors, trained.json

Each folder is a run directory of its own, so a training that was cut off goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from wattnas.blocks import Network, build
from wattnas.checkpoint import contiguous, load_weights
from wattnas.compute import threads
from wattnas.data import steps_per_epoch
from wattnas.files import content_hash, write_bytes, write_text
from wattnas.goals.crew import Crew
from wattnas.goals.paths import architecture_of, path_of
from wattnas.goals.records import Predicted, TrainedRecord, read_record, remedy
from wattnas.goals.subject import Subject
from wattnas.goals.survey import Surveyed
from wattnas.goals.surveyor import Surveyor
from wattnas.learned import learned
from wattnas.progress import Progress, Silent
from wattnas.rundir import Clock, RunDir, now, read_metrics
from wattnas.space import count_layout
from wattnas.stage import Stage
from wattnas.train import TrainProblem, count_correct, fresh_network, train
from wattnas.units import format_duration

WEIGHTS_FILE, TRAINED_FILE = "weights.safetensors", "trained.json"


class Workshop:
    """Trains what is not in the cache yet, and tells what is.

    Args:
        subject: images, space and recipe.
        root: the cache.
        progress: who watches.
        members: networks that are trained side by side; by default what the settings say.

    Attributes:
        members: networks that are trained side by side.
    """

    def __init__(
        self,
        subject: Subject,
        root: Path,
        progress: Progress | None = None,
        members: int | None = None,
    ) -> None:
        self.subject, self._progress = subject, progress or Silent()
        supernet = root / "supernets" / content_hash(subject.supernet_key())
        self._surveyor = Surveyor(subject, supernet, self._progress)
        self._networks = root / "networks"
        self._root, self.members = root, members or subject.members
        self._threads = torch.get_num_threads()
        self._trained_s = self._busy_s = 0.0

    @property
    def spent_s(self) -> dict[str, float]:
        """Seconds that what this object finished has taken: "supernet" (with its survey) and "training".

        With the time before it was cut off and gone on with.
        """
        return {"supernet": self._surveyor.spent_s, "training": self._trained_s}

    @property
    def busy_s(self) -> float:
        """Seconds that this object itself worked."""
        return self._surveyor.busy_s + self._busy_s

    @property
    def folder(self) -> Path:
        """Where the supernet lies."""
        return self._surveyor.folder

    def survey(self) -> list[Surveyed]:
        """Inherited accuracies measured so far; trains and surveys the supernet first if need be."""
        return self._surveyor.survey()

    def look(self, path: Tensor) -> Surveyed:
        """The inherited accuracy of `path` (layers,), from the survey or measured and added to it."""
        return self._surveyor.look(path)

    def trained(self) -> list[TrainedRecord]:
        """Every network that was trained so far, for as long as the settings allow, oldest first."""
        files = [
            (times, file)
            for times in self.subject.settings.select.lengths
            for file in sorted(self._trained_for(times).glob(f"*/{TRAINED_FILE}"))
        ]
        records = [self._renewed(self._read(file, times)) for times, file in files]
        return sorted(records, key=lambda record: (record.date, record.operations))

    def _trained_for(self, times: int) -> Path:
        """The folder of all networks that were trained for so many times the epochs."""
        return self._networks / content_hash(self.subject.network_key(times))

    def _read(self, file: Path, times: int) -> TrainedRecord:
        """The record as these settings see it: others have other epochs that theirs are counted in."""
        return read_record(TrainedRecord, file).model_copy(update={"times": times})

    def _renewed(self, record: TrainedRecord) -> TrainedRecord:
        """`record` with the inherited accuracy of this supernet; another one's does not compare."""
        if record.supernet == self.folder.name:
            return record
        looked = self.look(path_of(record.operations, self.subject.layout))
        own = {
            "inherited_correct": looked.correct,
            "inherited_n": looked.n,
            "supernet": self.folder.name,
        }
        return record.model_copy(update=own)

    def train_all(
        self, jobs: Sequence[tuple[Tensor, Predicted | None]], times: int = 1
    ) -> list[TrainedRecord]:
        """Train paths (layers,), side by side and the largest first, or take them from the cache.

        Each for so many times the epochs.

        One that is asked for alone has all threads, several share them. What counts is how many are asked
        for, not how many are missing, so that a training is the same after a cut.
        """
        missing = {
            self.folder_of(path, times).path: (path, predicted)
            for path, predicted in jobs
            if not self.is_trained(path, times)
        }
        if missing and times > 1:
            self._announce([path for path, _ in missing.values()], times)
        if self.members > 1 and len(missing) > 1:
            self._train_together(list(missing.values()), times)
        share = self._threads if len(jobs) == 1 else self._share
        return [self._made(path, predicted, times, share) for path, predicted in jobs]

    def _announce(self, paths: Sequence[Tensor], times: int) -> None:
        """That longer trainings begin, and how long they should take."""
        usual = self.subject.settings.train
        expected = [seconds for path in paths if (seconds := self._expected_s(path, times)) is not None]
        long = f", about {format_duration(max(expected))} by what others took" if expected else ""
        self._progress.say(
            f"Longer training should pay here: {usual.stretched(times).epochs} epochs instead of "
            f"{usual.epochs}{long} (select.longer)."
        )

    def _expected_s(self, path: Tensor, times: int) -> float | None:
        """Seconds of a training, by that of the known network which is nearest in MACs; None without any."""
        macs = self._macs(path)
        known = [(self._macs(path_of(r.operations, self.subject.layout)), r) for r in self.trained()]
        if not known:
            return None
        other, record = min(known, key=lambda entry: abs(math.log(entry[0] / macs)))
        return record.seconds * (times * macs) / (record.times * other)

    def _train_together(self, jobs: Sequence[tuple[Tensor, Predicted | None]], times: int) -> None:
        clock = Clock()
        for path, _ in jobs:
            self.look(path)  # here, so that no member needs the supernet
        s = self.subject.settings.train.stretched(times)
        steps = s.epochs * steps_per_epoch(len(self.subject.splits.train), s.batch, s.min_steps)
        self._progress.start(f"train {len(jobs)} networks", len(jobs) * steps, 0)
        # The longest first, so that all end at about the same time.
        ordered = sorted(jobs, key=lambda job: self._macs(job[0]), reverse=True)
        done = self._crew.do(
            _train_one,
            [(self._root, path.tolist(), predicted, times) for path, predicted in ordered],
            self._progress,
        )
        self._progress.end()
        self._busy_s += clock.seconds()
        # One that goes on after a cut tells of more seconds than have passed here.
        self._trained_s += max(clock.seconds(), *(record.seconds for record in done))

    @property
    def _share(self) -> int:
        """Threads of each where several are trained side by side."""
        return max(1, self._threads // self.members)

    def _macs(self, path: Tensor) -> int:
        layout = self.subject.layout
        return count_layout(layout, architecture_of(path, layout)).macs

    @cached_property
    def _crew(self) -> Crew:
        return Crew(self.subject, self.members, self._share)

    def close(self) -> None:
        """End the processes that trained."""
        if "_crew" in self.__dict__:
            self._crew.close()
            del self._crew

    def train(self, path: Tensor, predicted: Predicted | None = None, times: int = 1) -> TrainedRecord:
        """The record of `path` (layers,): from the cache, or of a training now, with all threads."""
        return self._made(path, predicted, times, self._threads)

    def _made(self, path: Tensor, predicted: Predicted | None, times: int, share: int) -> TrainedRecord:
        folder = self.folder_of(path, times)
        if not self.is_trained(path, times):
            with folder.locked(patient=True):
                if not self.is_trained(path, times):
                    self._train(folder, path, predicted, times, share)
        return self._read(folder.path / TRAINED_FILE, times)

    def is_trained(self, path: Tensor, times: int = 1) -> bool:
        """Whether the cache has the network of `path` (layers,), trained for so many times the epochs."""
        return (self.folder_of(path, times).path / TRAINED_FILE).is_file()

    def network(self, path: Tensor, times: int = 1) -> Network:
        """The trained network of `path` (layers,), in eval mode; RunError where it is not in the cache."""
        network = build(architecture_of(path, self.subject.layout), self.subject.layout)
        file = self.folder_of(path, times).file(WEIGHTS_FILE)
        load_weights(network, file, remedy(file))
        return network.eval()

    def folder_of(self, path: Tensor, times: int = 1) -> RunDir:
        """The run directory in the cache of an architecture (layers,), trained for so many times the
        epochs."""
        operations = architecture_of(path, self.subject.layout).operations
        return RunDir(self._trained_for(times) / content_hash(list(operations)))

    def _train(
        self, folder: RunDir, path: Tensor, predicted: Predicted | None, times: int, share: int
    ) -> None:
        subject, clock = self.subject, Clock()
        looked = self.look(path)
        architecture = architecture_of(path, subject.layout)
        folder.start(subject.network_key(times) | {"operations": list(architecture.operations)}, {})
        stage = self._stage(folder, "train")
        splits, settings = subject.splits, subject.settings
        network = fresh_network(architecture, subject.layout, splits.mean, splits.std, settings.seed)
        problem = TrainProblem(
            network=network,
            images=splits.train,
            validation=splits.validation,
            settings=settings.train.stretched(times),
            augment=settings.augment,
            flip=subject.flip,
            seed=settings.seed,
            compute=subject.compute,
        )
        with threads(share):
            train(problem, stage)
        write_bytes(folder.file(WEIGHTS_FILE), save(contiguous(network.state_dict())))
        correct = count_correct(network, splits.validation)
        seconds = stage.clock.seconds()
        record = TrainedRecord(
            operations=architecture.operations,
            correct=correct,
            n=len(splits.validation),
            inherited_correct=looked.correct,
            inherited_n=looked.n,
            supernet=self.folder.name,
            predicted=predicted,
            learned=_learned(folder),
            seconds=round(seconds, 3),
            date=now(),
        )
        # The record first: a kill between the two must not cost the training.
        write_text(folder.file(TRAINED_FILE), record.model_dump_json(indent=1) + "\n")
        stage.finish()
        self._trained_s += seconds
        self._busy_s += clock.seconds()

    def _stage(self, run: RunDir, name: str) -> Stage:
        return Stage(
            run,
            name,
            log_start=0,
            checkpoint_s=self.subject.settings.checkpoint_s,
            progress=self._progress,
        )


def _train_one(
    subject: Subject,
    root: Path,
    path: list[int],
    predicted: Predicted | None,
    times: int,
    *,
    progress: Progress,
) -> TrainedRecord:
    """In a member of the crew."""
    made = Workshop(subject, root, progress, members=1)
    return made.train(torch.tensor(path), predicted, times)


def _learned(folder: RunDir) -> float | None:
    """Accuracy on the training images in the last epoch that was logged."""
    lines = read_metrics(folder.file("metrics.jsonl"))
    found = learned((line["epoch"], line.get("accuracy"), line.get("validation_accuracy")) for line in lines)
    return None if found is None else round(found.training, 6)
