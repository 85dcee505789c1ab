"""From the name of a device to a link."""

from __future__ import annotations

import os
from pathlib import Path

from wattnas.agent.lines import clean
from wattnas.device.link.base import Link
from wattnas.device.link.local import LocalLink
from wattnas.device.link.ssh import SshLink
from wattnas.device.link.target import FORM, Target
from wattnas.errors import ConfigError

SSH_CONFIG = "WATTNAS_SSH_CONFIG"
"""Environment variable: an ssh configuration in place of the user's own."""


def is_link(device: str) -> bool:
    """Whether `device` names something that an agent can run on."""
    return device == "local" or device.startswith("ssh://")


def open_link(device: str, ssh_config: Path | None = None) -> Link:
    """The link to `device`; nothing is connected yet.

    Args:
        device: `local` or `ssh://[user@]host[:port][?python=PATH&dir=FOLDER]`.
        ssh_config: an ssh configuration in place of the user's own; else `WATTNAS_SSH_CONFIG` may name one.

    Raises:
        ConfigError: it is neither.
    """
    if device == "local":
        return LocalLink()
    if device.startswith("ssh://"):
        stated = os.environ.get(SSH_CONFIG)
        return SshLink(Target.parse(device), ssh_config or (Path(stated) if stated else None))
    raise ConfigError(f"{clean(device)!r} is no device that can be measured.", f"Give local or {FORM}.")
