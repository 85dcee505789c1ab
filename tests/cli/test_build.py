"""`wattnas build` as its user sees it: exit codes, one JSON object, settings, going on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builds import GOAL, OVERRIDES, Built, options, wattnas
from wattnas.cli.build import default_out
from wattnas.config import merge_settings
from wattnas.errors import RunError

KEYS = {"goal", "met", "certainty", "accuracy", "low", "high", "n", "measured_latency", "seconds"}
KEYS |= {"latency_s", "energy_j", "params", "macs", "sources", "device", "architecture", "epochs"}
KEYS |= {"memory_bytes", "bounds", "reason", "advice", "run_dir", "report"}


def summary(text: str) -> dict[str, Any]:
    """The one JSON object that standard output consists of."""
    assert text.endswith("}\n") and text.count("\n") == 1
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_goal_that_is_met_ends_with_0_and_one_json_object(built: Built) -> None:
    code, out, err = built.ended
    assert code == 0, err
    found = summary(out)
    assert set(found) == KEYS
    assert found["goal"] == GOAL and found["met"] is True
    assert found["low"] < found["accuracy"] < found["high"] and found["accuracy"] >= GOAL
    record = json.loads((built.path / "verification.json").read_text())
    assert {key: found[key] for key in ("accuracy", "low", "high", "n")} == {
        key: record["accuracy"][key] for key in ("accuracy", "low", "high", "n")
    }
    assert found["measured_latency"] == record["latency"]
    assert found["measured_latency"]["origin"] == "measured" and found["measured_latency"]["unit"] == "s"
    assert found["device"] == "desk" and found["sources"]["energy_j"]["origin"] == "modelled"
    assert found["sources"]["latency_s"]["value"] == found["latency_s"] > 0
    assert list(found["seconds"]) == ["search", "train", "export", "verify"]
    assert (found["run_dir"], found["report"]) == (str(built.path), str(built.path / "report.html"))
    assert Path(found["report"]).is_file()


def test_progress_is_told_in_lines_where_there_is_no_terminal(built: Built) -> None:
    err = built.ended.err
    for told in ("reading digits", "search: 48 steps", "search: done in ", "train: ", "train: done in "):
        assert told in err
    assert "\x1b" not in err


@pytest.fixture
def no_stage_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("a stage ran that was done")

    for name in ("search", "train", "export", "verify"):
        monkeypatch.setitem(sys.modules["wattnas.pipeline.build"].STAGE_FUNCTIONS, name, refuse)


def command(built: Built, inputs: Path) -> list[str]:
    """The command that made it."""
    return ["build", *options(inputs), "--out", str(built.path)]


@pytest.mark.usefixtures("no_stage_runs")
def test_building_again_prints_the_same_result(built: Built, inputs: Path) -> None:
    began = time.process_time()
    code, out, err = wattnas(*command(built, inputs), "--json", "--quiet")
    assert (code, out, err) == (0, built.ended.out, "")
    assert time.process_time() - began < 30  # it computes nothing but the report


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes a second, and has tests of its own."""
    monkeypatch.setattr("wattnas.pipeline.build.run_report", lambda _: None)


@pytest.mark.usefixtures("no_stage_runs", "no_report")
def test_the_table_says_what_was_asked_for_and_reached(built: Built, inputs: Path) -> None:
    code, out, _ = wattnas(*command(built, inputs), "--quiet")
    found = summary(built.ended.out)
    assert code == 0
    rows = dict(line.split("  ", 1) for line in out.splitlines() if "  " in line)
    rows = {name.strip(): value.strip() for name, value in rows.items()}
    assert rows["Goal accuracy"] == "40.0%"
    assert (
        rows["Reached"].startswith(f"{100 * found['accuracy']:.1f}% (")
        and "359 test images" in rows["Reached"]
    )
    assert rows["Goal"].startswith("met")
    assert rows["Energy on desk"] == f"{1e3 * found['energy_j']:.4g} mJ (modelled)"
    assert rows["Latency on desk"] == f"{1e3 * found['latency_s']:.4g} ms (predicted)"
    assert rows["Latency here"].endswith("(measured)")
    assert rows["Architecture"] == found["architecture"]
    assert {"Parameters", "MACs", "Took"} <= set(rows)
    assert out.rstrip().endswith(f"Report: {built.path / 'report.html'}")


@pytest.mark.usefixtures("no_report")
def test_a_goal_that_is_not_met_ends_with_3(copied: Path, inputs: Path) -> None:
    # The same run as if a higher goal had been asked for; only its verification runs anew.
    stored = json.loads((copied / "run.json").read_text())
    stored["settings"]["goal_accuracy"] = 0.999
    del stored["stages"]["verify"]
    (copied / "run.json").write_text(json.dumps(stored))
    code, out, _ = wattnas(
        "build", *options(inputs, goal_accuracy="0.999"), "--json", "--quiet", "--out", copied
    )
    found = summary(out)
    assert code == 3
    assert found["met"] is False and found["goal"] == 0.999 and found["certainty"] == "below"
    assert found["accuracy"] < 0.999


def test_another_goal_in_the_same_directory_is_refused(built: Built, inputs: Path) -> None:
    before = (built.path / "run.json").read_bytes()
    code, out, err = wattnas("build", *options(inputs, goal_accuracy="0.9"), "--out", built.path)
    assert (code, out) == (2, "")
    assert "built with goal_accuracy = 0.4, not 0.9." in err and "Choose another --out" in err
    assert (built.path / "run.json").read_bytes() == before


def test_a_directory_of_someone_else_is_refused(tmp_path: Path, inputs: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    code, _, err = wattnas("build", *options(inputs), "--out", tmp_path)
    assert code == 2 and "thesis.tex" in err
    code, _, err = wattnas("build", *options(inputs), "--out", tmp_path / "thesis.tex")
    assert code == 2 and "thesis.tex cannot be made" in err


def test_a_second_process_is_refused_while_the_first_works(built: Built, inputs: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from wattnas.rundir import RunDir\n"
        "with RunDir(Path(sys.argv[1])).locked():\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(built.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        for arguments in (command(built, inputs), ["train", str(built.path)], ["evaluate", str(built.path)]):
            ended = wattnas(*arguments)
            assert ended.code == 2 and "Another process works in" in ended.err
        holder.kill()


def test_settings_come_from_preset_then_file_then_flags(
    tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise RunError("far enough")

    monkeypatch.setattr("wattnas.cli.build.build_run", stop)
    file = tmp_path / "mine.yaml"
    file.write_text("seed: 7\ngoal_accuracy: 0.6\nmethod: fbnet\ntrain: {epochs: 9, lr: 0.3}\n")
    arguments = ["--config", str(file), "--preset", "demo", "--goal-accuracy", "0.7", "--set", "train.lr=0.4"]
    inputs_given = ["--space", str(inputs / "toy.yaml"), "--device", str(inputs / "desk.json")]
    code, _, err = wattnas("build", *arguments, *inputs_given, "--out", tmp_path / "run")
    assert code == 2 and err.endswith("error: far enough\n")
    stored = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]
    assert (stored["goal_accuracy"], stored["train"]["lr"]) == (0.7, 0.4)  # flags
    assert (stored["seed"], stored["method"], stored["train"]["epochs"]) == (7, "fbnet", 9)  # file
    assert (stored["search"]["epochs"], stored["train"]["batch"]) == (40, 32)  # preset demo
    assert (stored["train"]["momentum"], stored["data"]) == (0.9, "digits")  # defaults


def test_the_overrides_reach_the_manifest(built: Built) -> None:
    stored: Any = json.loads((built.path / "run.json").read_text())["settings"]
    for override in OVERRIDES:
        key, _, value = override.partition("=")
        found = stored
        for part in key.split("."):
            found = found[part]
        assert found == float(value)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"preset": "demo"}, "runs/digits-goal-0.95-s0"),
        (
            {"data": "uoft-cs/cifar10", "goal_accuracy": 0.8, "method": "s2", "seed": 3},
            "runs/cifar10-s2-0.8-s3",
        ),
        ({"data": "/home/me/My Photos (new)/", "goal_accuracy": 1}, "runs/my-photos-new-goal-1-s0"),
        ({"data": "..", "goal_accuracy": 0.5}, "runs/data-goal-0.5-s0"),
        ({"data": "x", "bounds": {"params": 1e5}}, "runs/x-goal-best-s0"),
    ],
)
def test_the_default_directory_names_data_method_goal_and_seed(flags: dict[str, Any], expected: str) -> None:
    assert default_out(merge_settings(flags)) == Path(expected)
