"""From names to links."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattnas.device.link import LocalLink, SshLink, is_link, open_link
from wattnas.errors import ConfigError


def test_names_of_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_link("local"), LocalLink) and open_link("local").name == "local"
    monkeypatch.setenv("WATTNAS_SSH_CONFIG", str(tmp_path / "config"))
    link = open_link("ssh://me@pi:22?dir=/data")
    assert isinstance(link, SshLink) and link.name == "ssh://me@pi:22"
    assert str(tmp_path / "config") in link.command("true")
    assert str(tmp_path / "other") in open_command(tmp_path / "other")
    assert is_link("local") and is_link("ssh://pi") and not is_link("my-pi.json")


def open_command(config: Path) -> list[str]:
    link = open_link("ssh://pi", config)
    assert isinstance(link, SshLink)
    return link.command("true")


@pytest.mark.parametrize("device", ["", "pi", "ssh:pi", "adb://phone", "ssh://a b", "my-pi.json"])
def test_what_is_no_device(device: str) -> None:
    with pytest.raises(ConfigError, match="no device"):
        open_link(device)
