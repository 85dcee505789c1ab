"""An OpenSSH server on the loopback interface, with its own keys and configuration; gone after the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

NAME = "device.test"
"""The device's name: an alias in the client's configuration."""


def sshd_program() -> str | None:
    """The server's program; Debian keeps it out of the path of ordinary users."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


def why_not() -> str | None:
    """Why no server can be started here; None where one can."""
    missing = [name for name in ("ssh", "scp", "ssh-keygen") if shutil.which(name) is None]
    if missing:
        return f"{missing[0]} is not installed (Debian's package openssh-client)"
    return None if sshd_program() else "sshd is not installed (Debian's package openssh-server)"


@dataclass
class Server:
    """A running server.

    Attributes:
        folder: where its keys, configuration and log are.
        port: where it listens.
        process: the server.
        config: the client's configuration, which knows it as `NAME`.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    config: Path

    def target(self, agent: Path, python: str = sys.executable) -> str:
        """The device, with the agent's folder at `agent`."""
        return f"ssh://{NAME}?python={python}&dir={agent}"

    def sessions(self) -> list[psutil.Process]:
        """The processes that serve a connection."""
        return psutil.Process(self.process.pid).children()

    def cut(self) -> None:
        """Break every connection, as a lost network does: nobody gets to say goodbye."""
        for session in self.sessions():
            for process in [*session.children(recursive=True), session]:
                if process.name().startswith("sshd"):
                    process.kill()

    def stop(self) -> None:
        """End the server and its connections."""
        self.cut()
        self.process.terminate()
        self.process.wait()

    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


def start_server(folder: Path) -> Server:
    """Start a server that lets the user of this process in, by a key made now."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host", "user"):
        _call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    shutil.copy(folder / "user.pub", folder / "allowed")
    port = _free_port()
    config = _server_config(folder, port)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)  # sshd wants it where root starts it
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(sshd_program()), "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log
        )
    server = Server(folder, port, process, _client_config(folder, port))
    _wait(server)
    return server


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _server_config(folder: Path, port: int) -> Path:
    path = folder / "sshd_config"
    lines = [
        "ListenAddress 127.0.0.1",
        f"Port {port}",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'allowed'}",
        f"PidFile {folder / 'pid'}",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "StrictModes no",
        "UsePAM no",
        "UseDNS no",
        "Subsystem sftp internal-sftp",
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    # Newer servers lock out an address whose connections break often.
    lenient = path.with_name("lenient")
    lenient.write_text("\n".join([*lines, "PerSourcePenalties no", ""]), encoding="utf-8")
    knows = subprocess.run([str(sshd_program()), "-t", "-f", str(lenient)], capture_output=True)
    return lenient if knows.returncode == 0 else path


def _client_config(folder: Path, port: int) -> Path:
    public = (folder / "host.pub").read_text(encoding="utf-8").split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n", encoding="utf-8")
    return write_client_config(folder / "config", port, folder / "user", folder / "known_hosts")


def write_client_config(path: Path, port: int, key: Path, known: Path, more: Sequence[str] = ()) -> Path:
    """A client's configuration in which the server is called `NAME`; the user's own is left aside."""
    lines = [
        f"Host {NAME}",
        "HostName 127.0.0.1",
        f"Port {port}",
        f"User {getpass.getuser()}",
        f"IdentityFile {key}",
        "IdentitiesOnly yes",
        "IdentityAgent none",
        f"UserKnownHostsFile {known}",
        "GlobalKnownHostsFile none",
        "StrictHostKeyChecking yes",
        "KexAlgorithms curve25519-sha256",
        *more,
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    path.chmod(0o600)
    return path


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"sshd ended with code {server.process.returncode}: {server.log()}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"sshd does not answer: {server.log()}")
