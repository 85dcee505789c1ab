"""`wattnas verify`: what it prints, and how it ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builds import opened, wattnas
from tests.device.cases import campaign_profile
from tests.device.simulated import Simulated, hidden_costs, stand_in_for_export
from tests.pipeline.images import answers
from wattnas.cli import verify as module
from wattnas.device import load_profile
from wattnas.device.parts import part_keys
from wattnas.pipeline import on_device


@pytest.fixture
def device(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Simulated:
    """What `--device` opens, whatever it names; it knows the network of the run."""
    table, context = stand_in_for_export(monkeypatch, on_device), opened(copied)
    model = copied / "model.onnx"
    table[hashlib.sha256(model.read_bytes()).hexdigest()] = tuple(
        part_keys(context.layout, context.architecture)
    )
    classes = tuple(answers(model, context.splits.test.images.numpy()).tolist())
    found = Simulated(table, hidden_costs(context.layout), classes=classes)

    @contextmanager
    def open_device(target: str, say: Any) -> Iterator[Simulated]:
        found.target = target
        yield found

    monkeypatch.setattr(module, "open_device", open_device)
    return found


def test_json_is_the_record_in_the_run(copied: Path, device: Simulated) -> None:
    code, out, err = wattnas("verify", copied, "--device", "ssh://pi@board", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found, of_build = json.loads(out), json.loads((copied / "verification.json").read_text())
    assert found == json.loads((copied / "on_device.json").read_text())
    assert (found["device"], found["accuracy"]["n"], found["agreement"]) == ("ssh://pi@board", 359, 1.0)
    assert found["accuracy"]["accuracy"] == of_build["accuracy"]["accuracy"]
    assert (found["energy"], found["bounds"], found["goal_met"]) == (None, {}, True)


def test_people_see_both_sides_and_what_holds(copied: Path, device: Simulated) -> None:
    code, out, err = wattnas("verify", copied, "--quiet", "--max-latency", "1s")
    assert (code, err) == (0, "")
    rows = {line.split("  ")[0].strip(): line for line in out.splitlines() if line.strip()}
    assert "measured" in rows["Latency"] and "predicted" in rows["Latency"]
    assert "no meter" in rows["Energy"] and "modelled" in rows["Energy"]
    assert rows["max latency"].endswith("holds") or "holds" in rows["max latency"]
    assert "100.0%" in rows["Same answer as here"]
    assert "Goal 40.0%: met" in out and "off in latency" in out


@pytest.mark.parametrize(
    ("bound", "word"),
    [(("--max-latency", "1us"), "broken"), (("--max-energy", "5J"), "not measured")],
)
def test_a_bound_that_does_not_hold_ends_with_3(
    copied: Path, device: Simulated, bound: tuple[str, str], word: str
) -> None:
    code, out, _ = wattnas("verify", copied, "--quiet", *bound)
    assert code == 3 and word in out
    assert (copied / "on_device.json").is_file()


def test_a_goal_that_is_missed_ends_with_3(copied: Path, device: Simulated) -> None:
    assert device.classes is not None
    device.classes = (0,) * len(device.classes)
    code, out, _ = wattnas("verify", copied, "--json")
    assert code == 3 and json.loads(out)["goal_met"] is False


def test_a_profile_learns_from_it(copied: Path, device: Simulated, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    before = campaign_profile(opened(copied).layout)
    path.write_text(before.to_json())
    code, out, err = wattnas("verify", copied, "--quiet", "--update", path)
    assert code == 0, err
    assert "learned from it" in out
    after = load_profile(str(path))
    assert after.fits[0].networks == before.fits[0].networks + 1
    assert after.entries != before.entries


def test_a_profile_that_cannot_be_written_is_said_and_the_record_stays(
    copied: Path, device: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "board.json"
    path.write_text(campaign_profile(opened(copied).layout).to_json())

    def refuse(path: Path, content: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "write_text", refuse)
    code, out, err = wattnas("verify", copied, "--quiet", "--update", path)
    assert (code, out) == (2, "") and "board.json cannot be written: Permission denied." in err
    assert (copied / "on_device.json").is_file()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--max-latency", "soon"], "'soon' is not a time"),
        (["--max-energy", "5 parsec"], "'5 parsec' is not an energy"),
        (["--update", "absent.json"], "no device profile 'absent.json'"),
        (["--update", "ozawa-2021"], "'ozawa-2021' holds no measurement"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    copied: Path, device: Simulated, words: list[str], named: str
) -> None:
    code, out, err = wattnas("verify", copied, "--quiet", *words)
    assert (code, out) == (2, "") and named in err
    assert device.jobs == [] and not (copied / "on_device.json").exists()


def test_what_is_no_run_is_said(tmp_path: Path, device: Simulated) -> None:
    code, out, err = wattnas("verify", tmp_path / "absent")
    assert (code, out) == (2, "") and "absent is not a run directory" in err
