"""One connection to an agent: greeting it, asking, handing over files and a job."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from wattnas.agent.job import PROTOCOL
from wattnas.agent.lines import clean
from wattnas.device.link.base import Link
from wattnas.device.link.replies import (
    Done,
    Hello,
    Missing,
    Note,
    Refusal,
    Reply,
    Result,
    SomeReply,
    parse_reply,
)
from wattnas.errors import DeviceError

Say = Callable[[str], None]

_NOISE_LINES = 1000
_HELLO_S = 300.0
_PORTION = 200
_OURS = (b'{"kind":"hello"', b'{"kind":"error"', b'{"kind":"note"')


def silent(message: str) -> None:
    """Hear nothing."""


class Talk:
    """One connection to an agent, greeted. Use it in a `with` block.

    Args:
        link: the way there.
        say: hears notes for a person.
        ready: whether the device must be able to measure.

    Raises:
        LinkDown: there is no connection, or it broke.
        DeviceError: the device cannot be used; says why.
    """

    def __init__(self, link: Link, say: Say = silent, ready: bool = True) -> None:
        self._link, self._say = link, say
        self._pipe = link.start_agent()
        try:
            self.hello = self._greet()
            link.reached = True
            if ready:
                self._check()
        except BaseException:
            self._pipe.close()
            raise

    def __enter__(self) -> Talk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.send({"ask": "bye"})
        self._pipe.close()

    def ask(self, question: Mapping[str, Any], wanted: type[SomeReply]) -> SomeReply:
        """Ask, and wait for an answer of the kind that is wanted."""
        self._pipe.send(question)
        reply = self._reply()
        if not isinstance(reply, wanted):
            raise DeviceError(f"The agent on {self._link.name} answers {clean(repr(reply), 100)}.")
        return reply

    def results(self, job: Mapping[str, Any]) -> Iterator[Result]:
        """Hand over a sealed job and give its results as they come."""
        self._pipe.send({"ask": "job", "job": job})
        while True:
            reply = self._reply()
            if isinstance(reply, Done):
                if reply.job != job["job"]:
                    raise DeviceError(f"The agent on {self._link.name} ended another job than it was given.")
                return
            if not isinstance(reply, Result):
                raise DeviceError(f"The agent on {self._link.name} answers {clean(repr(reply), 100)}.")
            yield reply

    def bring(self, files: Mapping[str, Path]) -> None:
        """Send those of `files` (hash -> path) that the device lacks; each arrives whole or not at all."""
        missing = self._missing(files)
        size = sum(files[name].stat().st_size for name in missing)
        if 2 * size > self.hello.free_bytes:  # packed and unpacked
            raise DeviceError(
                f"{self._link.name} has {self.hello.free_bytes / 1e6:.0f} MB free in "
                f"{clean(self.hello.folder)}; {2 * size / 1e6:.0f} MB are needed.",
                "Make room there, or name another disk: add ?dir=FOLDER to the device, in quotes.",
            )
        for start in range(0, len(missing), _PORTION):
            portion = missing[start : start + _PORTION]
            self._say(f"sending files {start + 1} to {start + len(portion)} of {len(missing)}")
            self._send({name: files[name] for name in portion})

    def _send(self, files: Mapping[str, Path]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            packed = [_pack(path, Path(folder) / f"{name}.gz") for name, path in files.items()]
            self._link.send_files(packed)
        lost = self._missing(files)
        if lost:
            raise DeviceError(
                f"{len(lost)} of {len(files)} files did not reach {self._link.name} whole, the first is "
                f"{files[lost[0]].name}.",
                "Were they changed meanwhile? Run the same command again.",
            )

    def _missing(self, files: Mapping[str, Path]) -> list[str]:
        missing = self.ask({"ask": "have", "hashes": sorted(files)}, Missing).hashes
        if not set(missing) <= set(files):
            raise DeviceError(f"The agent on {self._link.name} misses files that nobody named.")
        return list(dict.fromkeys(missing))

    def _reply(self) -> Reply:
        """The next answer; notes on the way are passed on."""
        while True:
            line = self._pipe.receive()
            if line is None:
                raise self._ended()
            if not line.strip():
                continue
            reply = parse_reply(line, self._link.name)
            if isinstance(reply, Refusal):
                raise DeviceError(clean(reply.message, 1000), clean(reply.hint, 1000))
            if not isinstance(reply, Note):
                return reply
            self._say(clean(reply.message))

    def _greet(self) -> Hello:
        """Skip what a login prints, up to the agent's first line."""
        self._pipe.send({"ask": "hello"})
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._pipe.kill()

        timer = threading.Timer(_HELLO_S, give_up)
        timer.daemon = True
        timer.start()
        try:
            for _ in range(_NOISE_LINES):
                line = self._pipe.receive()
                if line is None:
                    raise self._late() if late.is_set() else self._ended()
                hello = self._first(line)
                if hello is not None:
                    return hello
        finally:
            timer.cancel()
        raise DeviceError(
            f"{self._link.name} prints {_NOISE_LINES} lines and no agent answers.",
            "A start-up script of the shell there prints without end: see ~/.bashrc.",
        )

    def _late(self) -> DeviceError:
        return DeviceError(
            f"The agent on {self._link.name} does not answer within {_HELLO_S:.0f} s.",
            "Does a start-up script of the shell there wait for something? See ~/.bashrc.",
        )

    def _first(self, line: bytes) -> Hello | None:
        """The hello that a line holds; None for what is not from the agent, or is a note of it."""
        if not line.startswith(_OURS):
            return None
        reply = parse_reply(line, self._link.name)
        if isinstance(reply, Refusal):
            raise DeviceError(f"{self._link.name}: {clean(reply.message, 1000)}", clean(reply.hint, 1000))
        return reply if isinstance(reply, Hello) else None

    def _check(self) -> None:
        if self.hello.agent != PROTOCOL:
            raise DeviceError(
                f"The agent on {self._link.name} speaks version {self.hello.agent}, not {PROTOCOL}.",
                "Remove wattnas-agent files from its folder there: a fitting one is sent then.",
            )
        if self.hello.problems:
            first = self.hello.problems[0]
            raise DeviceError(f"{self._link.name}: {clean(first.message, 1000)}", clean(first.hint, 1000))

    def _ended(self) -> DeviceError:
        return self._link.explain(*self._pipe.close())


def _pack(source: Path, target: Path) -> Path:
    with source.open("rb") as content, gzip.open(target, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(content, packed)
    return target
