"""The agent's loop: one JSON object a line from the host, one or more back, until it says bye or is gone.

    {"ask": "hello"}                      {"kind": "hello", ...}                        facts.py
    {"ask": "have", "hashes": [...]}      {"kind": "missing", "hashes": [...]}
    {"ask": "job", "job": {...}}          results as they come, then {"kind": "done"}   job.py, run.py
    {"ask": "meters"}                     {"kind": "meters", "meters": [...]}
    {"ask": "clean"}                      {"kind": "cleaned", "files": n, "bytes": n}
    {"ask": "alive"}                      nothing; said every few seconds, so that a lost host is noticed
    {"ask": "bye"}                        {"kind": "bye"}

{"kind": "note", "message"} may come at any time, {"kind": "error", "message", "hint"} in place of an answer.
"""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from wattnas.agent.facts import greeting, versions
from wattnas.agent.job import PROTOCOL, Job
from wattnas.agent.journal import Journal
from wattnas.agent.lines import clean, dump, parse_line, read_line
from wattnas.agent.lock import Lock
from wattnas.agent.run import Runner
from wattnas.agent.store import Store
from wattnas.agent.worker import HostGone, Worker
from wattnas.errors import DeviceError, WattnasError

SILENCE_S = 60.0
"""Seconds without a word from the host after which it counts as gone."""

_LOCK_S = 120.0
_LOOK_S = 1.0


class Host:
    """The other end. Asks come in by a thread of their own, so that its end is noticed while a worker runs.

    Args:
        source: where its lines come from.
        sink: where ours go.
        silence_s: seconds without a word from it after which it counts as gone.
    """

    def __init__(self, source: IO[bytes], sink: IO[bytes], silence_s: float = SILENCE_S) -> None:
        self._source, self._sink, self._silence_s = source, sink, silence_s
        self._asks: queue.Queue[bytes | DeviceError | None] = queue.Queue()
        self._heard = time.monotonic()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next ask; None where the host is gone.

        Raises:
            DeviceError: what it sent is no ask.
        """
        while True:
            try:
                line = self._asks.get(timeout=_LOOK_S)
            except queue.Empty:
                if self.gone():
                    return None
                continue
            if isinstance(line, DeviceError):
                raise line
            return None if line is None else parse_line(line, "The host's line")

    def gone(self) -> bool:
        """Whether nobody is there any more."""
        return self._ended or time.monotonic() - self._heard > self._silence_s

    def say(self, content: Mapping[str, Any]) -> None:
        """Send one line.

        Raises:
            HostGone: nobody is there any more.
        """
        line = dump(content)
        try:
            self._sink.write(line)
            self._sink.flush()
        except (OSError, ValueError) as error:  # ValueError: closed
            self._ended = True
            raise HostGone from error

    def _listen(self) -> None:
        while not self._ended:
            try:
                line = read_line(self._source, "The host's line")
            except DeviceError as error:  # where the next line begins is not known: it is the last one
                self._asks.put(error)
                line = None
            self._heard = time.monotonic()
            if line is None:
                self._ended = True
                self._asks.put(None)
            elif line.strip() not in (b'{"ask":"alive"}', b""):
                self._ended = line.strip() == b'{"ask":"bye"}'
                self._asks.put(line)


class Agent:
    """Answers a host.

    Args:
        host: who asks.
        store: the agent's folder.
        command: words that start this agent; `work TASK` and `probe` follow.
    """

    def __init__(self, host: Host, store: Store, command: Sequence[str]) -> None:
        self.host, self.store, self.command = host, store, command
        self.lock = Lock(store.folder / "lock")
        self._versions: dict[str, Any] | None = None
        self._answers: dict[str, Callable[[dict[str, Any]], None]] = {
            "hello": self._hello,
            "have": self._have,
            "job": self._job,
            "meters": self._meters,
            "clean": self._clean,
            "alive": lambda ask: None,
        }

    def serve(self) -> None:
        """Answer until the host says bye or is gone."""
        try:
            while self._answer():
                pass
        except HostGone:
            pass
        finally:
            self.lock.release()

    def _answer(self) -> bool:
        try:
            ask = self.host.next()
            if ask is None:
                return False
            word = ask.get("ask")
            if word == "bye":
                self.host.say({"kind": "bye"})
                return False
            if not isinstance(word, str) or word not in self._answers:
                raise DeviceError(f"The agent does not know the question {clean(repr(word))}.")
            self._answers[word](ask)
        except WattnasError as error:
            self.host.say({"kind": "error", "message": error.message, "hint": error.hint})
        except OSError as error:
            self.host.say({"kind": "error", **_disk(error, self.store)})
        return True

    def _hello(self, ask: dict[str, Any]) -> None:
        self.host.say(greeting(self.store, self._found()))

    def _have(self, ask: dict[str, Any]) -> None:
        hashes = ask.get("hashes")
        if not isinstance(hashes, list):
            raise DeviceError("The host asks for files without a list of hashes.")
        self._hold()
        self.host.say({"kind": "missing", "hashes": self.store.lacks(hashes)})

    def _job(self, ask: dict[str, Any]) -> None:
        job = Job.from_json(ask.get("job"))
        self._hold()
        runs_on = {"job": job.name, "agent": PROTOCOL, "onnxruntime": self._found()["onnxruntime"]}
        journal = Journal(self.store.jobs / f"{job.name}.jsonl", runs_on)
        handles = () if self.lock.handle is None else (self.lock.handle,)
        worker = Worker([*self.command, "work"], self.store.work, handles)
        runner = Runner(job, journal, self.store, worker, self.host.say, self.host.gone)
        if journal.replaced:
            runner.note("ONNX Runtime or the agent is another one than before: all is measured anew")
        runner.run()

    def _meters(self, ask: dict[str, Any]) -> None:
        from wattnas.agent.meters import probes

        found = [{"name": name, **probe._asdict()} for name, probe in probes()]
        self.host.say({"kind": "meters", "meters": found})

    def _clean(self, ask: dict[str, Any]) -> None:
        self._hold()
        files, size = self.store.clean()
        self.host.say({"kind": "cleaned", "files": files, "bytes": size})

    def _found(self) -> dict[str, Any]:
        """Versions of what networks run on, looked for once."""
        if self._versions is None:
            self._versions = versions([*self.command, "probe"])
        return self._versions

    def _hold(self) -> None:
        """Hold the device for this host alone, until it is gone."""
        self.store.prepare()
        self.lock.take(
            _LOCK_S, lambda message: self.host.say({"kind": "note", "message": message}), self.host.gone
        )


def _disk(error: OSError, store: Store) -> dict[str, str]:
    """Message and hint for a file of ours that cannot be written or read."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    clear = "Make room on the device, or remove what earlier jobs left: run its agent with the word clean."
    return {
        "message": clean(f"The device cannot use {store.folder}: {error.strerror or error}.", 1000),
        "hint": clear if full else "Name another folder: add ?dir=FOLDER to the device, in quotes.",
    }
