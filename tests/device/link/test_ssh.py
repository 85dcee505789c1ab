"""The link through ssh, against a real server on the loopback interface."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.agent.stand_in import files_of, job_of, log_lines, pids
from tests.device.link.server import NAME, Server, write_client_config
from wattnas.agent.bundle import Bundle, make_bundle
from wattnas.device.link import LinkDown, SshLink, Target, greet, run_job, tidy
from wattnas.errors import DeviceError


def no_wait(seconds: float) -> None:
    """Do not wait."""


def link_to(server: Server, folder: Path, bundle: Bundle, python: str = sys.executable) -> SshLink:
    return SshLink(Target.parse(server.target(folder / "agent", python)), server.config, bundle)


def wrapper(path: Path, *lines: str) -> str:
    """A program in place of Python that runs these lines of the shell."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# The words that are given to ssh


def test_the_words_for_ssh(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    link = SshLink(Target("fe80::1", "me", 2222), Path("/c"), bundle)
    words = link.command("test", "-f", "it's here; rm")
    assert words[:3] == ["/bin/ssh", "-F", "/c"] and "BatchMode=yes" in words
    assert words[-8:] == ["-T", "-p", "2222", "-l", "me", "--", "fe80::1", "test -f 'it'\"'\"'s here; rm'"]
    words = link.copy_command([Path("/tmp/a:b")], "agent/incoming/")
    assert words[0] == "/bin/scp" and "BatchMode=yes" in words
    assert words[-8:] == ["-q", "-P", "2222", "-o", "User=me", "--", "/tmp/a:b", "[fe80::1]:agent/incoming/"]
    assert "StrictHostKeyChecking" not in " ".join(words)  # the user's own configuration decides


def test_no_user_and_no_port_leave_it_to_the_configuration(bundle: Bundle) -> None:
    link = SshLink(Target("pi"), bundle=bundle)
    assert not {"-l", "-p", "-F"} & set(link.command("true")) and link.command("true")[-3:] == [
        "--",
        "pi",
        "true",
    ]


def test_ssh_that_is_not_installed(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceError, match=r"ssh://pi needs the program ssh, which is not installed here\."):
        greet(SshLink(Target("pi"), bundle=bundle))


def test_files_are_sent_in_portions(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    link = SshLink(Target("pi"), bundle=bundle)
    portions: list[int] = []

    def run(command: Sequence[str], **more: object) -> subprocess.CompletedProcess[bytes]:
        portions.append(sum(word.endswith(".gz") for word in command))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    link.send_files([Path(f"{k}.gz") for k in range(250)])
    assert portions == [100, 100, 50]


# Against a server


def test_a_job_through_ssh(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    link, log = link_to(server, tmp_path, bundle), tmp_path / "log"
    job = job_of([["a", "b"], ["c"]], protocol={"log": str(log)})
    files = files_of(job, tmp_path / "models")
    found = list(run_job(link, job, files))
    assert [result.key for result in found] == [("stretch", 0), ("stretch", 1)]
    agent = tmp_path / "agent" / bundle.name
    assert agent.read_bytes() == bundle.content
    before = agent.stat().st_mtime_ns
    assert list(run_job(link_to(server, tmp_path, bundle), job, files)) == found
    assert log_lines(log, "begin") == ["a,b", "c"] and agent.stat().st_mtime_ns == before
    assert sorted(path.name for path in (tmp_path / "agent" / "files").iterdir()) == sorted(files)
    assert tidy(link).files == len(files) + 3  # journal, task and agent
    assert greet(link).numpy == "1.0"  # it is brought again


def test_a_connection_killed_five_times_loses_nothing(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    link, log, said = link_to(server, tmp_path, bundle), tmp_path / "log", list[str]()
    names = [f"n{k}" for k in range(7)]
    job = job_of([[name] for name in names], protocol={"log": str(log), "stuck": names[1:6]})
    cuts: list[str] = []

    def say(message: str) -> None:
        """Break the connection in the middle of stretches 1 to 5, when each runs for the first time."""
        said.append(message)
        for k in range(1, 6):
            if message.startswith(f"stretch {k} begins") and names[k] not in cuts:
                while names[k] not in log_lines(log, "begin"):
                    time.sleep(0.005)
                cuts.append(names[k])
                server.cut()

    found = [
        result.key for result in run_job(link, job, files_of(job, tmp_path / "models"), say, sleep=no_wait)
    ]
    assert found == [("stretch", k) for k in range(7)] and cuts == names[1:6]
    assert sum("Trying again" in message for message in said) == 5
    (journal,) = (tmp_path / "agent" / "jobs").iterdir()
    assert journal.read_bytes().count(b"\n") == 1 + 7  # each result once
    begun = log_lines(log, "begin")  # finished ones never again, broken ones once more
    assert sorted(begun) == sorted([*names, *cuts])
    assert not [pid for pid in pids(log) if psutil.pid_exists(pid)]


def test_a_connection_that_breaks_while_files_are_sent(
    server: Server, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_to(server, tmp_path, bundle)
    job = job_of([["a"]])
    files, send, broken = files_of(job, tmp_path / "models"), link.send_files, list[int]()

    def breaking(files: Sequence[Path]) -> None:
        if not broken:
            broken.append(1)
            send(files[:1])
            (tmp_path / "agent" / "incoming" / files[1].name).write_bytes(files[1].read_bytes()[:10])
            raise LinkDown("Broken pipe.")
        send(files)

    monkeypatch.setattr(link, "send_files", breaking)
    assert [result.key for result in run_job(link, job, files, sleep=no_wait)] == [("stretch", 0)]


def test_what_a_login_prints_does_not_matter(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    loud = wrapper(
        tmp_path / "python",
        "echo Welcome",
        "echo '{\"kind\": 3}'",
        "printf 'no end of line'",
        f'exec {sys.executable} "$@"',
    )
    assert greet(link_to(server, tmp_path, bundle, loud)).numpy == "1.0"


def test_a_python_that_is_missing(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=f"^ssh://{NAME} has no no-such-python") as caught:
        greet(link_to(server, tmp_path, bundle, "no-such-python"))
    assert "python3 -m venv" in caught.value.hint


def test_a_python_without_packages(server: Server, tmp_path: Path) -> None:
    bare = wrapper(tmp_path / "python", f'exec {sys.executable} -I -S "$@"')
    # The probe that the agent starts has to be as bare as the agent itself.
    link = link_to(server, tmp_path, _bare_bundle(), bare)
    job = job_of([["a"]])
    with pytest.raises(DeviceError, match="cannot load numpy and onnxruntime") as caught:
        list(run_job(link, job, files_of(job, tmp_path / "models")))
    assert "~/wattnas-venv/bin/pip install numpy onnxruntime" in caught.value.hint


def _bare_bundle() -> Bundle:
    import wattnas

    main = (Path(wattnas.__file__).parent / "agent/__main__.py").read_text(encoding="utf-8")
    return make_bundle(
        {"agent/__main__.py": main.replace("[sys.executable, *", '[sys.executable, "-I", "-S", *')}
    )


def test_a_folder_that_cannot_be_written_to(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "agent").touch()
    with pytest.raises(DeviceError, match=r"The folder .*/agent on ssh://.* cannot be written to") as caught:
        greet(link_to(server, tmp_path, bundle))
    assert "?dir=FOLDER" in caught.value.hint and not isinstance(caught.value, LinkDown)


def test_a_host_key_that_is_not_known(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "known").touch()
    with pytest.raises(DeviceError, match=r"The host key of .* is not known here") as caught:
        greet(other_config(server, bundle, tmp_path, known=tmp_path / "known"))
    assert f"ssh {NAME}" in caught.value.hint


def test_a_host_key_that_has_changed(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    _, kind, key = (server.folder / "known_hosts").read_text(encoding="utf-8").split()
    user = (server.folder / "user.pub").read_text(encoding="utf-8").split()[1]
    (tmp_path / "known").write_text(f"[127.0.0.1]:{server.port} {kind} {user}\n", encoding="utf-8")
    assert user != key
    with pytest.raises(DeviceError, match="shows another host key than before"):
        greet(other_config(server, bundle, tmp_path, known=tmp_path / "known"))


def test_a_key_that_does_not_let_in(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="does not let you in") as caught:
        greet(other_config(server, bundle, tmp_path, key=server.folder / "host"))
    assert "ssh-agent" in caught.value.hint and not isinstance(caught.value, LinkDown)


def test_a_port_where_nobody_listens(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        config = write_client_config(
            tmp_path / "config", free.getsockname()[1], server.folder / "user", tmp_path / "known"
        )
        with pytest.raises(LinkDown, match=r"cannot be reached: .*Connection refused"):
            greet(SshLink(Target(NAME), config, bundle))


def test_a_configuration_that_ssh_refuses(server: Server, bundle: Bundle, tmp_path: Path) -> None:
    more = ["NoSuchOption yes"]
    config = write_client_config(
        tmp_path / "config", server.port, server.folder / "user", tmp_path / "known", more
    )
    with pytest.raises(DeviceError, match="ssh does not accept its configuration"):
        greet(SshLink(Target(NAME), config, bundle))


def other_config(
    server: Server, bundle: Bundle, folder: Path, key: Path | None = None, known: Path | None = None
) -> SshLink:
    """A link whose client has another key, or knows other hosts."""
    key, known = key or server.folder / "user", known or server.folder / "known_hosts"
    config = write_client_config(folder / "config", server.port, key, known)
    return SshLink(Target(NAME, python=sys.executable, folder=str(folder / "agent")), config, bundle)


def test_the_server_is_ours_alone(server: Server) -> None:
    assert psutil.Process(server.process.pid).ppid() == os.getpid()
