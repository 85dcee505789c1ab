"""What OpenSSH and the far shell say, in our words. The complaints are those of OpenSSH 9.2 and of dash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.agent.facts import INSTALL
from wattnas.device.link.base import LinkDown
from wattnas.device.link.complaints import explain
from wattnas.device.link.target import Target
from wattnas.errors import DeviceError

PI = Target("pi.local", "me", 2222)


@pytest.mark.parametrize(
    ("code", "complaint", "message", "hint"),
    [
        (
            255,
            "No ED25519 host key is known for pi.local and you have requested strict checking.\n"
            "Host key verification failed.",
            "host key of ssh://me@pi.local:2222 is not known",
            "ssh -p 2222 me@pi.local",
        ),
        (
            255,
            "@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "another host key",
            "ssh-keygen -R pi.local",
        ),
        (255, "me@pi.local: Permission denied (publickey,password).", "does not let you in", "BatchMode"),
        (
            255,
            "Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures",
            "does not let you in",
            "ssh-agent",
        ),
        (
            255,
            "/c/config: line 2: Bad configuration option: prot",
            "Bad configuration option: prot",
            "Correct it",
        ),
        (
            1,
            'scp: write remote "x.gz": No space left on device',
            "disk of ssh://me@pi.local:2222 is full",
            "?dir=FOLDER",
        ),
        (
            1,
            "mkdir: cannot create directory ‘.cache’: Permission denied",
            "folder .cache/wattnas/agent",
            "?dir=FOLDER",
        ),
        (
            1,
            "mkdir: cannot create directory ‘/x’: Read-only file system",
            "Read-only file system",
            "?dir=FOLDER",
        ),
        (1, 'scp: dest open "x/": Failure', "cannot be written to", "?dir=FOLDER"),
        (
            1,
            "sh: 1: /usr/lib/openssh/sftp-server: not found\nscp: Connection closed",
            "no sftp part",
            "openssh-sftp-server",
        ),
        (
            255,
            "subsystem request failed on channel 0\nscp: Connection closed",
            "no sftp part",
            "openssh-sftp-server",
        ),
        (127, "sh: 1: python3: not found", "ssh://me@pi.local:2222 has no python3", INSTALL),
        (
            126,
            "sh: 1: /data/python: Permission denied",
            "cannot be run: sh: 1: /data/python: Permission denied",
            "?python=",
        ),
    ],
)
def test_what_does_not_pass_by_itself(code: int, complaint: str, message: str, hint: str) -> None:
    error = explain(PI, code, complaint)
    assert type(error) is DeviceError and message in error.message and hint in error.hint


@pytest.mark.parametrize(
    "complaint",
    [
        "ssh: Could not resolve hostname pi.local: Name or service not known",
        "ssh: connect to host pi.local port 2222: Connection refused",
        "ssh: connect to host pi.local port 2222: Connection timed out",
        "ssh: connect to host pi.local port 2222: No route to host",
        "ssh: connect to host pi.local port 2222: Network is unreachable",
        "Timeout, server pi.local not responding.",
        "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 10.0.0.7 port 22",
        "client_loop: send disconnect: Broken pipe",
        "Connection to pi.local closed by remote host.",
        "scp: Connection closed\r\n",
        "",
        "something new",
    ],
)
def test_what_may_pass(complaint: str) -> None:
    error = explain(PI, 255, complaint)
    assert isinstance(error, LinkDown) and "ssh://me@pi.local:2222" in error.message
    assert "ssh -p 2222 me@pi.local" in error.hint


@given(st.integers(-20, 300), st.text())
def test_random_complaints_can_be_shown(code: int, complaint: str) -> None:
    assert str(explain(PI, code, complaint)).isprintable()


def test_braces_in_a_complaint_are_harmless() -> None:
    assert "{0} {name}" in explain(PI, 255, "{0} {name}: Connection refused").message
