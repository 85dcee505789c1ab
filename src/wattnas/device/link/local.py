"""This machine: the same agent, as a process of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from wattnas.agent.bundle import Bundle, make_bundle
from wattnas.agent.lines import last_line
from wattnas.agent.store import Store, default_folder
from wattnas.device.link.base import Pipe
from wattnas.errors import DeviceError
from wattnas.files import write_bytes


class LocalLink:
    """A link to this machine.

    Args:
        folder: where the agent keeps its files; by default in the user's cache.
        python: the interpreter that runs it; by default this one.
        bundle: the agent.
    """

    name = "local"
    reached = False

    def __init__(
        self, folder: Path | None = None, python: str = sys.executable, bundle: Bundle | None = None
    ) -> None:
        self._store = Store(folder or default_folder())
        self._python, self._bundle = python, bundle or make_bundle()

    def start_agent(self) -> Pipe:
        """Start the agent as a process of this machine."""
        agent = self._store.folder / self._bundle.name
        try:
            self._store.prepare()
            if not agent.is_file():
                write_bytes(agent, self._bundle.content)
            return Pipe([self._python, str(agent), "serve", "--folder", str(self._store.folder)])
        except OSError as error:
            raise DeviceError(
                f"The agent cannot be started in {self._store.folder}: {error.strerror or error}.",
                "Set XDG_CACHE_HOME to a folder that you can write to.",
            ) from error

    def explain(self, code: int, complaints: str) -> DeviceError:
        """Why the agent ended."""
        said = last_line(complaints) or "it said nothing"
        return DeviceError(
            f"The agent on this machine ended with code {code}: {said}",
            "Run the same command again to go on.",
        )

    def send_files(self, files: Sequence[Path]) -> None:
        """Copy files into the agent's incoming folder."""
        try:
            for file in files:
                shutil.copyfile(file, self._store.incoming / file.name)
        except OSError as error:
            raise DeviceError(
                f"A file cannot be copied to {self._store.incoming}: {error.strerror or error}.",
                "Make room, or set XDG_CACHE_HOME to another folder.",
            ) from error

    def close(self) -> None:
        """Nothing is remembered."""
