"""Drives a job on a device from its first result to its last, through connections that break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wattnas.agent.job import Job, Task, seal
from wattnas.device.link.base import Link, LinkDown
from wattnas.device.link.replies import Cleaned, Failed, Hello, Meter, Meters, Result, Stretch
from wattnas.device.link.talk import Say, Talk, silent
from wattnas.errors import DeviceError

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Patience:
    """How long a lost device is waited for.

    Attributes:
        tries: connections in a row that may fail, or break before they bring anything new.
        first_s: seconds before the first of them; each further wait is twice as long.
        most_s: seconds of a wait at most.
    """

    tries: int = 10
    first_s: float = 1.0
    most_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row."""
        return float(min(self.most_s, self.first_s * 2 ** min(failures - 1, 30)))


def greet(link: Link, say: Say = silent, patience: Patience = Patience(), sleep: Sleep = time.sleep) -> Hello:
    """What the device says of itself, its problems among it; one that answered before is waited for.

    Raises:
        DeviceError: it cannot be reached, or starts no agent.
    """
    failures = 0
    while True:
        try:
            with Talk(link, say, ready=False) as talk:
                return talk.hello
        except LinkDown as error:
            failures += 1
            if not link.reached or failures > patience.tries:
                raise
            _wait(error, patience.wait_s(failures), "", say, sleep)


def list_meters(link: Link, say: Say = silent) -> Sequence[Meter]:
    """The energy meters of the device, in the order in which they are tried."""
    with Talk(link, say, ready=False) as talk:
        return talk.ask({"ask": "meters"}, Meters).meters


def tidy(link: Link, say: Say = silent) -> Cleaned:
    """Remove what earlier jobs left on the device: files, results and agents."""
    with Talk(link, say, ready=False) as talk:
        cleaned = talk.ask({"ask": "clean"}, Cleaned)
    link.close()
    return cleaned


def run_job(
    link: Link,
    content: Mapping[str, Any],
    files: Mapping[str, Path],
    say: Say = silent,
    patience: Patience = Patience(),
    sleep: Sleep = time.sleep,
) -> Iterator[Result]:
    """Run a job on the device and give its results as they come, each once.

    A broken connection is made again, and the job goes on: what is finished stays on the device. So is the
    first one, where the device has answered before. The same job sent later, by another process too, goes on
    as well.

    Args:
        link: the way to the device.
        content: the job (`agent/job.py`), without its name.
        files: SHA-256 -> path of the networks and images that it names.
        say: hears notes for a person.
        patience: how long a lost device is waited for.
        sleep: waits that many seconds.

    Raises:
        DeviceError: the device cannot do the job, or is lost; says why.
    """
    sealed = seal(content)
    job = Job.from_json(sealed)
    lost = [name for name in job.files if name not in files]
    if lost:
        raise DeviceError(f"The job names file {lost[0]}, which was not handed over.")
    tasks = {task.key: task for task in job.tasks()}
    seen: dict[tuple[str, Any], Result] = {}
    failures = 0
    while True:
        try:
            with Talk(link, say) as talk:
                talk.bring({name: files[name] for name in job.files})
                for result in talk.results(sealed):
                    _check(tasks, result, link.name)
                    if _is_new(result, seen):
                        failures = 0
                        seen[result.key] = result
                        yield result
            break
        except LinkDown as error:
            failures += 1
            if not link.reached:
                raise
            if failures > patience.tries:
                raise _gave_up(link, error, len(seen)) from error
            _wait(error, patience.wait_s(failures), f"; {len(seen)} results are kept", say, sleep)
    if set(tasks) != set(seen):
        raise DeviceError(f"The agent on {link.name} ended the job without all of its results.")


def _is_new(result: Result, seen: Mapping[tuple[str, Any], Result]) -> bool:
    """Whether a result was not given yet; one after a failure is new."""
    before = seen.get(result.key)
    return before is None or (isinstance(before, Failed) and not isinstance(result, Failed))


def _check(tasks: Mapping[tuple[str, Any], Task], result: Result, name: str) -> None:
    """A result that answers no task of the job is refused."""
    task = tasks.get(result.key)
    fits = task is not None and (not isinstance(result, Stretch) or set(result.items) == set(task.items))
    if not fits:
        raise DeviceError(f"The agent on {name} answers what was not asked: {result.kind}.")


def _wait(error: LinkDown, wait_s: float, kept: str, say: Say, sleep: Sleep) -> None:
    say(f"{error.message} Trying again in {wait_s:.0f} s{kept}.")
    sleep(wait_s)


def _gave_up(link: Link, error: LinkDown, results: int) -> DeviceError:
    return DeviceError(
        f"{error.message} {link.name} stays away; {results} results are kept there.",
        f"Run the same command again to go on. {error.hint}",
    )
