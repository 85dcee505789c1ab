"""`wattnas profile` and its check, on a device that is simulated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builds import wattnas
from tests.device.simulated import MEDIUM_SPACE, Simulated, hidden_costs, medium, stand_in_for_export
from wattnas.cli import profile as module
from wattnas.device import load_profile
from wattnas.errors import DeviceError

SPACE = "medium.yaml"


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Simulated:
    """What `--device` opens, whatever it names; in a folder with the space as `medium.yaml`."""
    table = stand_in_for_export(monkeypatch)
    costs = hidden_costs(medium(classes=4)) | hidden_costs(medium("k7_e3", classes=4))
    found = Simulated(table, costs, noise=0.005)

    @contextmanager
    def opened(target: str) -> Iterator[Simulated]:
        found.target = target
        yield found

    monkeypatch.setattr(module, "open_device", opened)
    monkeypatch.chdir(tmp_path)
    Path(SPACE).write_text(MEDIUM_SPACE)
    return found


def profiled(*more: str) -> str:
    """What the command prints, with a space of four classes and two minutes."""
    code, out, err = wattnas("profile", "--space", SPACE, "--classes", "4", "--budget", "2m", *more)
    assert code == 0, err
    return out


def test_help_names_options_and_the_check() -> None:
    code, out, _ = wattnas("profile", "--help")
    assert code == 0
    for word in ("--device", "--space", "--out", "--add-to", "--budget", "--meter", "--threads", " check "):
        assert word in out
    code, out, _ = wattnas("profile", "check", "--help")
    assert code == 0 and "--networks" in out and "--json" in out


def test_a_profile_is_measured_and_written(device: Simulated) -> None:
    out = profiled("--device", "ssh://pi@board", "--out", "my-board.json", "--watts", "3")
    made = load_profile("my-board.json")
    assert (made.name, made.threads, made.fits[0].target) == ("my-board", 1, "ssh://pi@board")
    assert made.fits[0].layout == medium()
    assert f"my-board.json: {len(made.entries)} entries of Example CPU" in out
    assert "modelled as 3 W" in out and "mean absolute error" in out
    assert "wattnas" not in out.split("note:")[0].replace("my-board", "")
    assert out.splitlines()[-1].endswith("wattnas profile clean --device 'ssh://pi@board'")


def test_the_file_is_called_after_the_device_unless_told(device: Simulated) -> None:
    profiled("--device", "ssh://pi@board:2222", "--quiet")
    assert load_profile("pi-board-2222.json").name == "pi-board-2222"
    profiled("--quiet")
    assert load_profile("local.json").name == "local"


def test_what_a_profile_lacks_is_added_to_it(device: Simulated) -> None:
    profiled("--out", "board.json", "--quiet")
    before, asked = load_profile("board.json"), len(device.jobs)
    Path(SPACE).write_text(MEDIUM_SPACE.replace("k5_e6]", "k5_e6, k7_e3]"))
    profiled("--add-to", "board.json", "--quiet")
    after = load_profile("board.json")
    assert after.name == "board" and after.entries[: len(before.entries)] == before.entries
    asked_for = [name for job in device.jobs[asked:] for names in job["stretches"] for name in names]
    blocks = {name for name in asked_for if "->" in name}
    assert blocks and all(name.startswith("k7_e3 ") for name in blocks)
    code, _, err = wattnas("profile", "--add-to", "board.json", "--space", SPACE, "--classes", "4")
    assert code == 2 and "covers space 'medium' already" in err


def test_progress_goes_to_standard_error_and_quiet_silences_it(device: Simulated) -> None:
    words = ("profile", "--space", SPACE, "--classes", "4", "--budget", "2m")
    err = wattnas(*words).err
    assert "profile: exporting every block once\n" in err and "profile: done in" in err
    assert wattnas(*words, "--quiet").err == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--watts", "0"], "0.0 W is no power"),
        (["--budget", "soon"], "'soon' is not a time"),
        (["--budget", "9s"], "9.0 s are too short"),
        (["--space", "huge"], "There is no space 'huge'"),
        (["--classes", "1"], "A classifier with 1 class(es)"),
        (["--add-to", "absent.json"], "There is no device profile 'absent.json'"),
        (["--out", "."], ". cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_timed(
    device: Simulated, words: list[str], named: str
) -> None:
    code, out, err = wattnas("profile", "--space", SPACE, *words)
    assert (code, out) == (2, "") and err.startswith(f"error: {named}")
    assert device.jobs == []


def test_a_device_that_is_lost_is_said_and_the_next_call_goes_on(device: Simulated) -> None:
    device.lasts = 2
    code, out, err = wattnas("profile", "--space", SPACE, "--classes", "4", "--budget", "2m", "--quiet")
    assert (code, out) == (2, "") and err.startswith("error: The device was lost.\n")
    asked, device.lasts = len(device.jobs), None
    profiled("--quiet")
    assert device.jobs[asked] == device.jobs[0]


def test_a_check_is_one_line_of_json(device: Simulated) -> None:
    profiled("--out", "board.json", "--quiet")
    code, out, err = wattnas("profile", "check", "board.json", "--networks", "40", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert set(found) >= {"n", "mape", "bias", "within_5", "within_10", "tau", "coverage_95"}
    assert found["n"] == 40 and 0 <= found["mape"] < 0.05
    code, out, _ = wattnas("profile", "check", "board.json", "--networks", "5", "--quiet")
    assert code == 0 and "95 % interval covers" in out and "networks" in out


def test_a_check_takes_the_input_that_the_space_was_measured_at(device: Simulated) -> None:
    """Four classes, as measured, and not the ten that a space has by default."""
    profiled("--out", "board.json", "--quiet")
    code, out, err = wattnas("profile", "check", "board.json", "--space", SPACE, "--networks", "4", "--json")
    assert code == 0, err
    code, out, err = wattnas("profile", "check", "board.json", "--space", "cifar")
    assert (code, out) == (2, "")
    assert "no measurement of wattnas that could be repeated for space 'cifar'" in err


def test_the_program_ends_where_the_device_does(device: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(target: str) -> None:
        raise DeviceError(f"{target} is no device.", "Write ssh://host.")

    monkeypatch.setattr(module, "open_device", refuse)
    code, out, err = wattnas("profile", "--device", "toaster", "--space", SPACE)
    assert (code, out, err) == (2, "", "error: toaster is no device.\n       Write ssh://host.\n")
