"""A device behind a link, by links that reach nothing but what a test gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.agent.stand_in import job_of, sha256, stand_in_bundle
from wattnas.device import measured
from wattnas.device.link import Failed, Link, LocalLink, Result
from wattnas.device.measured import Device, LinkedDevice, open_device
from wattnas.errors import ConfigError, DeviceError

FAILED = [Failed(kind="failed", of=("stretch", k), message=f"It failed {k} times.") for k in range(3)]


class NoLink(LocalLink):
    """A link that is only looked at, never used."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Runs:
    """In place of `run_job`: gives three results and keeps what it was given."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.folder = Path()
        self.rest: tuple[Any, ...] = ()

    def __call__(self, link: Link, job: Any, files: Mapping[str, Path], say: Any) -> Iterator[Result]:
        self.rest = link, job, say
        yield FAILED[0]
        self.contents = {sha: path.read_bytes() for sha, path in files.items()}  # they stay till the end
        self.folder = next(iter(files.values())).parent
        yield from FAILED[1:]


def notes(message: str) -> None:
    """Hears nothing."""


def test_a_job_finds_its_files_on_disk_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    runs, link, job = Runs(), NoLink(), {"threads": 1}
    monkeypatch.setattr(measured, "run_job", runs)
    files = {sha256(content): content for content in (b"one", b"two", bytes(range(256)))}
    device: Device = LinkedDevice(link, "local", notes)
    assert list(device.run(job, files)) == FAILED
    assert runs.rest == (link, job, notes)
    assert runs.contents == files
    assert all(sha == hashlib.sha256(content).hexdigest() for sha, content in runs.contents.items())
    assert not runs.folder.exists()


def test_a_job_that_is_given_up_leaves_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs()
    monkeypatch.setattr(measured, "run_job", runs)
    results = LinkedDevice(NoLink(), "local").run({}, {"0": b""})
    assert isinstance(results, Iterator)
    assert [next(results), next(results)] == FAILED[:2]
    assert runs.folder.exists()
    results.close()  # type: ignore[attr-defined]
    assert not runs.folder.exists()


def test_an_opened_device_has_the_name_it_was_called_by_and_is_closed_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link, asked = NoLink(), []

    def open_link(target: str) -> Link:
        asked.append(target)
        return link

    monkeypatch.setattr(measured, "open_link", open_link)
    with pytest.raises(DeviceError, match="unplugged"), open_device("ssh://me@board?dir=/data") as device:
        assert device.name == "ssh://me@board?dir=/data"
        assert link.closed == 0
        raise DeviceError("It was unplugged.")
    assert (asked, link.closed) == (["ssh://me@board?dir=/data"], 1)


@pytest.mark.parametrize("target", ["", "board", "http://board", "ssh://"])
def test_what_names_no_device_is_refused(target: str) -> None:
    with pytest.raises(ConfigError), open_device(target):
        pass


def test_a_job_goes_over_a_link_and_comes_back(tmp_path: Path) -> None:
    """The agent of this machine, with a worker that measures nothing."""
    device = LinkedDevice(LocalLink(tmp_path, bundle=stand_in_bundle()), "local")
    job = job_of([["a", "b"], ["c"]])
    files = {sha: name.encode() for name, sha in job["models"].items()}
    assert device.hello().kind == "hello"
    found = {}
    for result in device.run(job, files):
        assert result.kind == "stretch"
        found[result.index] = sorted(result.items)
    assert found == {0: ["a", "b"], 1: ["c"]}


def test_cleaning_removes_what_was_left(tmp_path: Path) -> None:
    device = LinkedDevice(LocalLink(tmp_path), "local")
    device.hello()
    (left,) = tmp_path.glob("wattnas-agent-*.pyz")
    found = device.clean()
    assert found.files >= 1
    assert found.bytes > 0
    assert not left.exists()
