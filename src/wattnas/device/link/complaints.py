"""What ssh, scp and the far shell complain about, put into words that say what to do."""

from __future__ import annotations

import re
from typing import NamedTuple

from wattnas.agent.facts import INSTALL
from wattnas.agent.lines import last_line
from wattnas.device.link.base import LinkDown
from wattnas.device.link.target import Target
from wattnas.errors import DeviceError


class _Known(NamedTuple):
    """A complaint: a pattern of it, what it means, what to do, and whether it may pass by itself."""

    pattern: str
    message: str
    hint: str
    passes: bool = False


_AGAIN = "Is the device on, and in the same network? Try by hand: {by_hand}"
_KNOWN = (
    _Known(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "{name} shows another host key than before.",
        "If the device was installed anew: ssh-keygen -R {host}, then {by_hand}. If not, find out why.",
    ),
    _Known(
        r"Host key verification failed|host key is known for",
        "The host key of {name} is not known here.",
        "Connect once by hand and compare the key before you accept it: {by_hand}",
    ),
    _Known(
        r"^\S+: Permission denied \(|Too many authentication failures",
        "{name} does not let you in.",
        "wattnas asks for no password (BatchMode): set up a key with ssh-copy-id, and load one that has a "
        "passphrase with ssh-add (ssh-agent). Try: {by_hand}",
    ),
    _Known(
        r"Bad configuration option|Bad owner or permissions|[Nn]o such file.*config",
        "ssh does not accept its configuration: {said}.",
        "Correct it until this works: {by_hand}",
    ),
    _Known(
        r"Could not resolve hostname",
        "The host of {name} is not known: {said}.",
        "Check the spelling, or give its address. Try by hand: {by_hand}",
        passes=True,
    ),
    _Known(
        r"No space left on device|[Dd]isk quota exceeded",
        "The disk of {name} is full.",
        "Make room there, or name a folder on another disk: add ?dir=FOLDER to the device, in quotes.",
    ),
    _Known(
        r"(mkdir|mv|dest open|scp|remote open|realpath).*"
        r"(Read-only|Permission denied|No such file|Failure|Not a dir)",
        "The folder {folder} on {name} cannot be written to: {said}.",
        "Make room there, or name another folder: add ?dir=FOLDER to the device, in quotes.",
    ),
    _Known(
        r"subsystem request failed|sftp-server",
        "{name} takes no files: its ssh server has no sftp part.",
        "Install it there: apt install openssh-sftp-server",
    ),
    _Known(
        r"Connection refused|timed out|[Tt]imeout|No route to host|unreachable|Connection (closed|reset)|"
        r"closed by remote host|kex_exchange_identification|Broken pipe|[Ll]ost connection|is down",
        "{name} cannot be reached: {said}.",
        _AGAIN,
        passes=True,
    ),
)
_ENDED = {
    126: _Known(
        "", "{python} on {name} cannot be run: {said}.", "Name another: add ?python=PATH to the device."
    ),
    127: _Known(
        "",
        "{name} has no {python}.",
        "Install Python 3.9 or newer there (apt install python3-venv). " + INSTALL,
    ),
}


def explain(target: Target, code: int, complaints: str) -> DeviceError:
    """The error that says what a command's end on `target` means.

    Args:
        target: the device.
        code: 255 where ssh itself gave up, else what the command there ended with.
        complaints: what stood in standard error.
    """
    for known in _KNOWN:
        if re.search(known.pattern, complaints, re.MULTILINE):
            return _error(known, target, complaints)
    if code in _ENDED:
        return _error(_ENDED[code], target, complaints)
    said = last_line(complaints) or "it said nothing"
    return LinkDown(
        f"The connection to {target.name} ended with code {code}: {said}", f"Try by hand: {target.by_hand}"
    )


def _error(known: _Known, target: Target, complaints: str) -> DeviceError:
    said = last_line(complaints).rstrip(".") or "it said nothing"
    words = {"name": target.name, "host": target.host, "by_hand": target.by_hand, "said": said}
    words |= {"folder": target.folder, "python": target.python}
    kind = LinkDown if known.passes else DeviceError
    return kind(known.message.format(**words), known.hint.format(**words))
