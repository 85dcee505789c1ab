"""From a request to a file: taken up again where it was cut off, and written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.cases import campaign_profile, toy, toy_profile
from tests.device.simulated import Simulated, Table, hidden_costs, medium, stand_in_for_export
from wattnas.device import Profile, Request, load_profile, profile_device
from wattnas.device.job import Settings
from wattnas.device.parts import identities, parts
from wattnas.errors import DeviceError, ProfileError
from wattnas.space import Layout
from wattnas.space.load import parse_space

REQUEST = Request(medium(), Settings(budget_s=120.0), name="my-board")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch)


@pytest.fixture
def device(table: Table) -> Simulated:
    return Simulated(table, hidden_costs(medium()), noise=0.01)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "my-board.json"


def cut_off(device: Simulated, out: Path, request: Request = REQUEST, after: int = 3) -> None:
    """Ask, and lose the device after so many stretches."""
    device.lasts = after
    with pytest.raises(DeviceError, match="lost"):
        profile_device(device, request, out)
    device.lasts = None


def test_a_profile_is_written_and_nothing_else_stays(device: Simulated, out: Path) -> None:
    made = profile_device(device, REQUEST, out)
    assert load_profile(str(out)) == made
    assert made.name == "my-board"
    assert list(out.parent.iterdir()) == [out]


def test_a_request_that_was_cut_off_goes_on_with_the_same_job(device: Simulated, out: Path) -> None:
    cut_off(device, out)
    assert not out.exists()
    asked = len(device.jobs)
    profile_device(device, REQUEST, out)
    assert device.jobs[asked] == device.jobs[0]
    stretches = sum(len(job["stretches"]) for job in device.jobs[asked:])
    assert sum(map(len, device.journal.values())) == stretches  # none was timed twice
    assert out.is_file() and list(out.parent.iterdir()) == [out]


def test_the_same_request_after_the_end_is_measured_anew(device: Simulated, out: Path) -> None:
    for _ in range(2):
        profile_device(device, REQUEST, out)
    tokens = [job["token"] for job in device.jobs]
    assert len(set(tokens)) == 2 and tokens[0] != tokens[-1]


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, settings=replace(REQUEST.settings, seed=1)),
        replace(REQUEST, settings=replace(REQUEST.settings, budget_s=150.0)),
        replace(REQUEST, name="other"),
        replace(REQUEST, layout=medium(classes=9)),
    ],
    ids=["seed", "budget", "name", "classes"],
)
def test_another_request_gets_a_token_of_its_own(device: Simulated, out: Path, other: Request) -> None:
    device.costs = hidden_costs(medium()) | hidden_costs(medium(classes=9))
    cut_off(device, out)
    cut_off(device, out, other, after=6)
    assert device.jobs[0]["token"] != device.jobs[-1]["token"]


def test_another_device_gets_a_token_of_its_own(device: Simulated, out: Path) -> None:
    cut_off(device, out)
    cut_off(replace(device, target="ssh://pi@board"), out, after=0)
    assert device.jobs[0]["token"] != device.jobs[-1]["token"]


@pytest.mark.parametrize("damage", [b"", b"[]", b"\xff", b'{"request": 3, "token": 4}', b'{"token": "x"}'])
def test_a_damaged_token_is_as_none(device: Simulated, out: Path, damage: bytes) -> None:
    cut_off(device, out)
    (note,) = out.parent.iterdir()
    note.write_bytes(damage)
    profile_device(device, REQUEST, out)
    assert out.is_file() and not note.exists()


def test_a_profile_that_was_there_stays_whole_until_the_new_one_is(
    device: Simulated, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.write_text("the old one")

    def full(path: Path, content: str) -> None:
        raise OSError(28, "No space left on device")

    cut_off(device, out)
    assert out.read_text() == "the old one"
    with monkeypatch.context() as patched:
        patched.setattr("wattnas.device.session.write_text", full)
        with pytest.raises(ProfileError, match=r"cannot be written: No space left.*--out"):
            profile_device(device, REQUEST, out)
    assert out.read_text() == "the old one"
    asked = sum(map(len, device.journal.values()))
    profile_device(device, REQUEST, out)
    assert sum(map(len, device.journal.values())) == asked  # what was measured is not lost with the disk
    assert load_profile(str(out)).name == "my-board"


def test_a_place_that_cannot_hold_a_file_is_refused_before_anything_is_timed(
    device: Simulated, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path, tmp_path / "file" / "profile.json"):
        with pytest.raises(ProfileError, match=r"cannot be written"):
            profile_device(device, REQUEST, place)
    assert device.jobs == []


def test_a_known_profile_is_added_to(device: Simulated, out: Path) -> None:
    known = profile_device(device, REQUEST, out)
    device.costs = hidden_costs(medium()) | hidden_costs(medium(classes=9))
    more = replace(REQUEST, layout=medium(classes=9), known=known)
    joined = profile_device(device, more, out)
    assert joined.entries[:-1] == known.entries
    assert joined.entries[-1].key == medium(classes=9).head_key
    assert load_profile(str(out)) == joined
    with pytest.raises(ProfileError, match=r"covers space 'medium' already\. Nothing has to be measured\."):
        profile_device(device, replace(more, known=joined), out)
    assert list(out.parent.iterdir()) == [out]


def test_identities_alone_are_added_without_asking_the_device(device: Simulated, out: Path) -> None:
    text = "name: flat\ninput: {channels: [1], min_size: 8, max_size: 8}\nstem: {channels: 8}\n"
    text += "stages: [{channels: 8, layers: 2}]\nhead: {channels: 8}\ncandidates: "
    without = Layout.resolve(parse_space(text + "[k3_e1, k3_e6]", "flat"), 2)
    whole = Layout.resolve(parse_space(text + "[k3_e1, k3_e6, skip]", "flat"), 2)
    known = campaign_profile(without)
    joined = profile_device(device, Request(whole, Settings(), known=known), out)
    assert device.jobs == []
    assert {e.key for e in joined.entries} == {part.key for part in parts(whole)} | set(identities(whole))
    assert load_profile(str(out)) == joined


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (toy_profile(), "wattnas did not measure it"),
        (campaign_profile(toy(), threads=2), "its threads is 2, here it is 1"),
        (
            campaign_profile(toy()).model_copy(update={"runtime": "onnxruntime 1.0"}),
            "its runtime is onnxruntime 1.0, here it is onnxruntime 9.9",
        ),
        (
            campaign_profile(toy()).model_copy(update={"hardware": "Other CPU, 2 cores, Linux"}),
            "its device is Other CPU, 2 cores, here it is Example CPU, 2 cores",
        ),
    ],
    ids=["by hand", "threads", "runtime", "device"],
)
def test_numbers_that_do_not_go_together_are_not_put_together(
    device: Simulated, out: Path, known: Profile, why: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        profile_device(device, replace(REQUEST, known=known), out)
    assert why in caught.value.message and "--out FILE" in caught.value.hint
    assert device.jobs == [] and not list(out.parent.iterdir())


def test_an_update_of_the_system_does_not_make_another_device(device: Simulated, out: Path) -> None:
    known = campaign_profile(toy()).model_copy(update={"hardware": "Example CPU, 2 cores, Linux 0.9 x86_64"})
    profile_device(device, replace(REQUEST, known=known), out)
    assert json.loads(out.read_text())["name"] == "bench"
