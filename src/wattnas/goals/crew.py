"""Several trainings at once, each in a process of its own with its share of the threads.

Networks that meet tight goals are small: many short operations, one after the other, to each of which a
second thread adds little (1.4 to 1.6 times the steps of one, docs/goals.md). Two processes do nearly twice as
much as one.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import TypeVar

import torch

from wattnas.compute import keep_freed_memory
from wattnas.errors import RunError
from wattnas.progress import Progress, Silent

_LOOK_EVERY_S = 0.3

T = TypeVar("T")

_own: tuple[object, SimpleQueue[int]] | None = None
"""In a member: what all of its tasks share, and the queue of done steps."""


class Crew:
    """Processes that do tasks side by side and stay for the next ones.

    They are started anew rather than forked, as a process that has computed with several threads cannot be
    forked safely. A member ends when the process that asks is gone.

    Args:
        shared: what every task is given; sent to each member once.
        members: how many.
        threads: of each.
    """

    def __init__(self, shared: object, members: int, threads: int) -> None:
        context = get_context("spawn")
        # What is put there is there at once: with the buffered kind, the last steps of a task come after it.
        self._steps: SimpleQueue[int] = context.SimpleQueue()
        # By plain pickle: torch's own way needs shared memory, of which a container has little.
        begin = (pickle.dumps(shared), self._steps, threads)
        self._pool = ProcessPoolExecutor(members, context, _begin, begin)

    def do(self, task: Callable[..., T], jobs: Sequence[tuple[object, ...]], watcher: Progress) -> list[T]:
        """`task(shared, *job, progress=...)` for every job; the results in order.

        All jobs come to their end before the error of one, the first by order, is raised.

        Raises:
            RunError: a member was killed.
        """
        futures = [self._pool.submit(_do, task, job) for job in jobs]
        try:
            self._watch(futures, watcher)
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise RunError(
                "A process that trained a network was ended from outside, perhaps for want of memory.",
                "Run the same command again, it goes on; or set select.together to 1.",
            ) from error

    def _watch(self, futures: Sequence[Future[T]], watcher: Progress) -> None:
        pending = set(futures)
        while pending:
            pending = wait(pending, timeout=_LOOK_EVERY_S).not_done
            while not self._steps.empty():
                watcher.advance(self._steps.get())

    def close(self) -> None:
        """End the members; a task that runs is waited for."""
        self._pool.shutdown(cancel_futures=True)


class _Reporter(Silent):
    """Tells the process that asks how many steps are done."""

    def __init__(self, steps: SimpleQueue[int]) -> None:
        self._steps = steps

    def start(self, stage: str, total: int, done: int) -> None:
        """Steps that were done before it was cut off count."""
        if done:
            self._steps.put(done)

    def advance(self, steps: int) -> None:
        """So many more steps are done."""
        self._steps.put(steps)


def _begin(shared: bytes, steps: SimpleQueue[int], threads: int) -> None:
    global _own
    Thread(target=_end_with_asker, daemon=True).start()
    keep_freed_memory()
    torch.set_num_threads(threads)
    _own = pickle.loads(shared), steps  # of the process that asks, nobody else's


def _end_with_asker() -> None:
    """At work or idle: nobody is left to tell. What was kept last is gone on with."""
    asker = parent_process()
    assert asker is not None, "a member is started by the process that asks"
    asker.join()
    os._exit(1)


def _do(task: Callable[..., T], job: tuple[object, ...]) -> T:
    assert _own is not None, "a member begins before it works"
    shared, steps = _own
    return task(shared, *job, progress=_Reporter(steps))
