"""`ssh://[user@]host[:port][?python=PATH&dir=FOLDER]`, read word by word: only harmless characters pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wattnas.agent.lines import clean
from wattnas.errors import ConfigError

FORM = "ssh://[user@]host[:port][?python=PATH&dir=FOLDER]"

_WHOLE = re.compile(
    r"ssh://(?:(?P<user>[^@/?]*)@)?(?P<host>\[[^\]/?]*\]|[^:/?@\[\]]*)(?::(?P<port>[^/?]*))?/?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]")
_PORT = re.compile(r"[0-9]{1,5}")
_PATH = re.compile(r"(?:~/|/)?[A-Za-z0-9_.+@][A-Za-z0-9_.+@/-]{0,500}")
_KEYS = ("python", "dir")


@dataclass(frozen=True)
class Target:
    """A device behind ssh.

    Attributes:
        host: name, address, or an alias of the user's own ssh configuration.
        user: None for the one that ssh would take.
        port: None for the one that ssh would take.
        python: the interpreter there: a name, an absolute path, or one below the home folder.
        folder: where the agent keeps its files there: absolute, or below the home folder.
    """

    host: str
    user: str | None = None
    port: int | None = None
    python: str = "python3"
    folder: str = ".cache/wattnas/agent"

    @property
    def name(self) -> str:
        """The device in messages: what was given, without python and folder."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{user}{host}" + (f":{self.port}" if self.port else "")

    @property
    def by_hand(self) -> str:
        """The command with which a person connects."""
        words = ["ssh", *(["-p", str(self.port)] if self.port else [])]
        return " ".join([*words, f"{self.user}@{self.host}" if self.user else self.host])

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that `text` states.

        Raises:
            ConfigError: it is not of that form, or holds a character that no host, user or path needs.
        """
        found = _WHOLE.fullmatch(text)
        if found is None:
            raise _wrong(text, f"it is not of the form {FORM}")
        user, host, port = found["user"], found["host"], found["port"]
        if user is not None and ":" in user:
            raise _wrong("ssh://...", "it holds a password", "Set up a key: ssh-keygen, then ssh-copy-id.")
        if user is not None and not _USER.fullmatch(user):
            raise _wrong(text, f"{clean(user)!r} is no user name")
        if not _HOST.fullmatch(host):
            raise _wrong(text, f"{clean(host)!r} is no host name")
        if port is not None and not (_PORT.fullmatch(port) and 0 < int(port) < 65536):
            raise _wrong(text, f"{clean(port)!r} is no port")
        options = _options(text, found["query"])
        return cls(
            host=host.strip("[]"),
            user=user,
            port=None if port is None else int(port),
            python=options.get("python", cls.python),
            folder=options.get("dir", cls.folder),
        )


def _options(text: str, query: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in (query or "").split("&") if query else []:
        key, equals, value = part.partition("=")
        if not equals or key not in _KEYS or key in found:
            raise _wrong(text, f"{clean(part)!r} is not python=PATH or dir=FOLDER, each once")
        if not _PATH.fullmatch(value) or ".." in value.split("/"):
            raise _wrong(text, f"{clean(value)!r} is no path of letters, digits and ._+@-/")
        found[key] = value.removeprefix("~/")  # ssh starts in the home folder
    return found


def _wrong(text: str, reason: str, hint: str = "Example: ssh://pi@raspberrypi.local") -> ConfigError:
    return ConfigError(f"{clean(text)!r} names no device: {reason}.", hint)
