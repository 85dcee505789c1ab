"""A device behind the system's own ssh and scp: its keys, known hosts and configuration are the user's.

No password is asked for, no shell is used on this side, and the device's shell is given fixed words and
checked paths only.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from wattnas.agent.bundle import Bundle, make_bundle
from wattnas.device.link.base import Pipe
from wattnas.device.link.complaints import explain
from wattnas.device.link.target import Target
from wattnas.errors import DeviceError

_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "LogLevel=ERROR",  # no banner
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    "RequestTTY=no",
)
_FILES_AT_ONCE = 100


class SshLink:
    """A link through ssh.

    Args:
        target: the device.
        config: an ssh configuration in place of the user's own.
        bundle: the agent.
    """

    reached = False

    def __init__(self, target: Target, config: Path | None = None, bundle: Bundle | None = None) -> None:
        self.target, self.name = target, target.name
        self._config, self._bundle = config, bundle or make_bundle()
        self._agent = f"{target.folder}/{self._bundle.name}"
        self._there = False

    def start_agent(self) -> Pipe:
        """Bring the agent where it is missing, and start it."""
        if not self._there and self._run("test", "-f", self._agent, accepted=(0, 1)) == 1:
            self._bring()
        self._there = True
        words = (self.target.python, self._agent, "serve", "--folder", self.target.folder)
        return Pipe(self.command(*words))

    def explain(self, code: int, complaints: str) -> DeviceError:
        """Why ssh, or the agent at its end, gave up."""
        self._there = self._there and code == 255  # else the agent is looked for again
        return explain(self.target, code, complaints)

    def send_files(self, files: Sequence[Path]) -> None:
        """Copy files into the agent's incoming folder, by scp."""
        for start in range(0, len(files), _FILES_AT_ONCE):
            self._copy(files[start : start + _FILES_AT_ONCE], f"{self.target.folder}/incoming/")

    def close(self) -> None:
        """Look for the agent again when it is started the next time."""
        self._there = False

    def command(self, *words: str) -> list[str]:
        """The words that run `words` on the device; its shell sees each as one word."""
        user = ["-l", self.target.user] if self.target.user else []
        port = ["-p", str(self.target.port)] if self.target.port else []
        return [*self._program("ssh"), "-T", *port, *user, "--", self.target.host, shlex.join(words)]

    def copy_command(self, files: Sequence[Path], folder: str) -> list[str]:
        """The words that copy `files` to `folder` on the device."""
        user = ["-o", f"User={self.target.user}"] if self.target.user else []
        port = ["-P", str(self.target.port)] if self.target.port else []
        host = f"[{self.target.host}]" if ":" in self.target.host else self.target.host
        # A path that begins with a slash is never taken for a host, whatever it holds.
        paths = [str(file.absolute()) for file in files]
        return [*self._program("scp"), "-q", *port, *user, "--", *paths, f"{host}:{folder}"]

    def _program(self, name: str) -> list[str]:
        path = shutil.which(name)
        if path is None:
            raise DeviceError(
                f"{self.name} needs the program {name}, which is not installed here.",
                "Install OpenSSH's client: apt install openssh-client, or your system's package of it.",
            )
        own = ["-F", str(self._config)] if self._config else []
        return [path, *own, *(word for option in _OPTIONS for word in ("-o", option))]

    def _bring(self) -> None:
        """Copy the agent there; it takes its name only when it is whole."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{self._bundle.name}.part"
            file.write_bytes(self._bundle.content)
            self._run("mkdir", "-p", f"{self.target.folder}/incoming")
            self._copy([file], f"{self.target.folder}/")
            self._run("mv", f"{self._agent}.part", self._agent)

    def _copy(self, files: Sequence[Path], folder: str) -> None:
        self._finish(self.copy_command(files, folder), (0,))

    def _run(self, *words: str, accepted: Sequence[int] = (0,)) -> int:
        return self._finish(self.command(*words), accepted)

    def _finish(self, command: Sequence[str], accepted: Sequence[int]) -> int:
        quiet = subprocess.DEVNULL
        with tempfile.TemporaryFile() as said:  # no pipe: a connection kept for later would hold it open
            code = subprocess.run(
                command, stdin=quiet, stdout=quiet, stderr=said, start_new_session=True
            ).returncode
            if code not in accepted:
                said.seek(0)
                raise self.explain(code, said.read().decode("utf-8", "replace"))
        return code
