from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.device.cases import campaign_profile, toy, toy_profile
from wattnas.device import Profile, local_profile
from wattnas.device import cache as module
from wattnas.device.cache import default_cache
from wattnas.device.parts import parts
from wattnas.errors import WattnasWarning
from wattnas.machine import Machine
from wattnas.space import Layout


class Measurements:
    """Stands in for `measure_local`: each one finds the machine a little slower."""

    def __init__(self) -> None:
        self.made: list[Profile] = []

    def __call__(self, layout: Layout, *, threads: int, progress: object, watts: float) -> Profile:
        seconds = dict.fromkeys([part.key for part in parts(layout)], 1e-3 * (len(self.made) + 1))
        self.made.append(campaign_profile(layout, seconds, threads=threads, watts=watts))
        return self.made[-1]


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> Measurements:
    found = Measurements()
    monkeypatch.setattr(module, "measure_local", found)
    return found


def test_a_space_is_measured_once(measurements: Measurements, tmp_path: Path) -> None:
    first = local_profile(toy(), cache_dir=tmp_path)
    assert local_profile(toy(), cache_dir=tmp_path) == first
    assert len(measurements.made) == 1


@pytest.mark.parametrize(
    "again",
    [
        lambda folder: local_profile(toy(classes=3), cache_dir=folder),
        lambda folder: local_profile(toy(), cache_dir=folder, threads=2),
        lambda folder: local_profile(toy(), cache_dir=folder, watts=3.0),
        lambda folder: local_profile(toy(), cache_dir=folder, refresh=True),
        lambda folder: local_profile(toy(), cache_dir=folder / "elsewhere"),
    ],
    ids=["classes", "threads", "watts", "refresh", "folder"],
)
def test_what_differs_is_measured_anew(
    measurements: Measurements, tmp_path: Path, again: Callable[[Path], Profile]
) -> None:
    local_profile(toy(), cache_dir=tmp_path)
    again(tmp_path)
    assert len(measurements.made) == 2


def test_a_refreshed_profile_takes_the_place_of_the_old(measurements: Measurements, tmp_path: Path) -> None:
    local_profile(toy(), cache_dir=tmp_path)
    fresh = local_profile(toy(), cache_dir=tmp_path, refresh=True)
    assert local_profile(toy(), cache_dir=tmp_path) == fresh
    assert len(list(tmp_path.iterdir())) == 1


def test_another_runtime_or_processor_is_measured_anew(
    measurements: Measurements, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_profile(toy(), cache_dir=tmp_path)
    monkeypatch.setattr(module, "read_machine", lambda: Machine(cpu="Other CPU", cores=2, system="Linux"))
    local_profile(toy(), cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"format": 1}', toy_profile().to_json()[:-300].encode()],
    ids=["empty", "syntax", "bytes", "keys", "cut off"],
)
def test_a_damaged_profile_is_measured_again_with_a_warning(
    measurements: Measurements, tmp_path: Path, content: bytes
) -> None:
    local_profile(toy(), cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.warns(WattnasWarning, match="measured again"):
        fresh = local_profile(toy(), cache_dir=tmp_path)
    assert local_profile(toy(), cache_dir=tmp_path) == fresh == measurements.made[1]


def test_a_profile_that_lacks_an_entry_is_measured_again(measurements: Measurements, tmp_path: Path) -> None:
    whole = local_profile(toy(), cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(whole.model_copy(update={"entries": whole.entries[:-1]}).to_json(), encoding="utf-8")
    with pytest.warns(WattnasWarning, match="does not hold all"):
        local_profile(toy(), cache_dir=tmp_path)


def test_a_profile_without_covariances_is_measured_again(measurements: Measurements, tmp_path: Path) -> None:
    """As earlier versions wrote them: sums of blocks alone."""
    whole = local_profile(toy(), cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(whole.model_copy(update={"fits": ()}).to_json(), encoding="utf-8")
    with pytest.warns(WattnasWarning, match="does not hold all"):
        assert local_profile(toy(), cache_dir=tmp_path).fits
    assert len(measurements.made) == 2


def test_a_cache_that_cannot_be_written_costs_only_a_warning(
    measurements: Measurements, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(WattnasWarning, match="cannot be"):
        assert local_profile(toy(), cache_dir=tmp_path / "file") == measurements.made[0]


def test_the_default_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "wattnas" / "profiles"
    monkeypatch.setenv("HOME", "/somewhere")
    for unusable in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert default_cache() == Path("/somewhere/.cache/wattnas/profiles")
