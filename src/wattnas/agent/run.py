"""Runs a job: every task in a fresh process, its result in the journal before it is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from wattnas.agent.job import Job, Task, key_of, which_field
from wattnas.agent.journal import Journal
from wattnas.agent.lines import clean
from wattnas.agent.store import Store
from wattnas.agent.worker import Worker, WorkerError

Say = Callable[[Mapping[str, Any]], None]


class Runner:
    """One job on its way.

    Args:
        job: what to do.
        journal: what of it is done.
        store: where the files are.
        worker: how a task is done.
        say: hears results and notes.
        gone: whether nobody listens any more.
    """

    def __init__(
        self, job: Job, journal: Journal, store: Store, worker: Worker, say: Say, gone: Callable[[], bool]
    ) -> None:
        self.job, self.journal, self.store = job, journal, store
        self.worker, self.say, self.gone = worker, say, gone

    def run(self) -> None:
        """Say the results that are journalled and get the others; ends with a "done" line.

        Raises:
            HostGone: nobody listens any more; what is finished is kept.
            DeviceError: a file is missing or damaged.
            OSError: the journal cannot be written.
        """
        tasks = list(self.job.tasks())
        kept = {key_of(entry): entry for entry in self.journal.entries}
        failed = 0
        for number, task in enumerate(tasks, 1):
            if task.key in kept:
                self.say(kept[task.key])
                continue
            self.note(f"{task.label} begins (task {number} of {len(tasks)})")
            try:
                self._keep(task, self._result(task))
            except WorkerError as error:
                failed += 1
                self.say(
                    {"kind": "failed", "of": list(task.key), "message": error.message, "hint": error.hint}
                )
        self.say({"kind": "done", "job": self.job.name, "failed": failed})

    def note(self, message: str) -> None:
        """Say something that is no result."""
        self.say({"kind": "note", "message": message})

    def _keep(self, task: Task, result: Mapping[str, Any]) -> None:
        self.journal.append(result)
        self.say(result)

    def _result(self, task: Task) -> dict[str, Any]:
        if task.key[0] == "stretch":
            return self._steady(task)
        return {**self._work(task), which_field(task.key[0]): task.key[1]}

    def _steady(self, task: Task) -> dict[str, Any]:
        """A stretch that was not rejected; where all attempts were, the steadiest, its reason left in it."""
        index = task.key[1]
        tried = [entry for entry in self.journal.entries if key_of(entry) == ("attempt", index)]
        while len(tried) < self.job.attempts:
            found = {**self._work(task), "index": index, "attempt": len(tried) + 1}
            if found.get("rejected") is None:
                return {**found, "attempts": len(tried) + 1}
            self.note(f"{task.label} is rejected, attempt {len(tried) + 1}: {clean(str(found['rejected']))}")
            self.journal.append({**found, "kind": "attempt"})
            tried.append(found)
        best = min(tried, key=_drift)
        return {**best, "kind": "stretch", "attempts": len(tried)}

    def _work(self, task: Task) -> dict[str, Any]:
        """What a worker says of `task`; a crash gets a second try."""
        content = self._content(task)
        try:
            result = self.worker.run(content, self.gone)
        except WorkerError as error:
            if not error.crashed:
                raise
            self.note(f"{task.label}: {error.message}; trying once more")
            result = self.worker.run(content, self.gone)
        if result.get("kind") != task.key[0]:
            raise WorkerError(f"The worker answered {clean(repr(result.get('kind')))} to {task.label}.")
        return result

    def _content(self, task: Task) -> dict[str, Any]:
        """The worker's task: file names in place of hashes, each file checked."""
        content = {**task.rest, **self._paths(task.files)}
        return {**content, "items": self._paths(task.items)} if task.items else content

    def _paths(self, files: Mapping[str, str]) -> dict[str, str]:
        return {name: str(self.store.file(sha)) for name, sha in files.items()}


def _drift(entry: Mapping[str, Any]) -> float:
    drift = entry.get("drift")
    return drift if isinstance(drift, (int, float)) else math.inf
