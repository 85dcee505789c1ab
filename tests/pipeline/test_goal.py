"""Builds with method goal, whole, in this process: files, numbers, reuse, and what is refused."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.builds import Ended, opened, options, round_profile, settings, wattnas
from wattnas.device import Profile, predict
from wattnas.errors import ConfigError, RunError
from wattnas.files import user_cache
from wattnas.goals import path_of
from wattnas.pipeline import context as contexts
from wattnas.pipeline import goal as module
from wattnas.pipeline.goal import ADVICE_FILE, ROUNDS_FILE, read_advice, wish_of, workshop_of
from wattnas.pipeline.stages import load_network
from wattnas.rundir import RunDir, read_metrics
from wattnas.space import Layout
from wattnas.train import count_correct

SMALL = (
    "supernet.epochs=2",
    "supernet.min_steps=4",
    "supernet.survey=16",
    "supernet.images=60",
    "select.pilots=1",
    "select.rounds=2",
    "select.evaluations=100",
    "train.epochs=2",
)


def flags(inputs: Path, **changed: str) -> list[str]:
    chosen = options(inputs, method="goal", **changed)
    return chosen + [part for override in SMALL for part in ("--set", override)]


def without_goal(inputs: Path, *more: str) -> list[str]:
    chosen = flags(inputs)
    place = chosen.index("--goal-accuracy")
    return [*chosen[:place], *chosen[place + 2 :], *more]


def summary(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module")
def first(inputs: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A build for the goal of tests/builds.py."""
    path = tmp_path_factory.mktemp("goal") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        return path, wattnas("build", *flags(inputs), "--json", "--out", path)


def test_a_goal_that_is_met_ends_with_0_and_one_json_object(first: tuple[Path, Ended]) -> None:
    path, ended = first
    assert ended.code == 0, ended.err
    found = summary(ended)
    assert found["met"] is True and found["goal"] == 0.4 and found["accuracy"] >= 0.4
    assert found["bounds"] == {} and found["run_dir"] == str(path)
    assert set(found["seconds"]) == {"supernet", "selection", "training"}
    assert all(value > 0 for value in found["seconds"].values())
    assert isinstance(found["advice"], list) and found["reason"]


def test_the_files_of_a_run_are_there_and_agree(first: tuple[Path, Ended]) -> None:
    path, ended = first
    names = {entry.name for entry in path.iterdir()}
    assert {
        "run.json", "profile.json", "metrics.jsonl", "architecture.json", "costs.json", "rounds.json",
        "advice.json", "weights.safetensors", "model.onnx", "verification.json", "report.html",
    } <= names  # fmt: skip
    context, found = opened(path), summary(ended)
    report = predict(context.profile, context.layout, context.architecture)
    assert (found["energy_j"], found["latency_s"]) == (report.energy_j, report.latency_s)
    assert found["architecture"] == " ".join(context.architecture.operations)


def test_the_network_is_the_one_that_the_rounds_measured(first: tuple[Path, Ended]) -> None:
    path, _ = first
    context = opened(path)
    rounds = json.loads((path / ROUNDS_FILE).read_text())["rounds"]
    chosen = [r for r in rounds if tuple(r["architecture"]) == context.architecture.operations]
    assert len(chosen) == 1
    right = count_correct(load_network(context), context.splits.validation)
    assert (chosen[0]["correct"], chosen[0]["n"]) == (right, len(context.splits.validation))
    assert chosen[0]["validation_accuracy"]["value"] == right / len(context.splits.validation)
    assert [r["round"] for r in rounds] == list(range(1, len(rounds) + 1))
    advice = read_advice(RunDir(path))
    assert advice is not None and advice.chosen.operations == context.architecture.operations
    assert advice.epochs == chosen[0]["epochs"] == read_metrics(path / "metrics.jsonl")[-1]["epoch"] + 1


def test_the_log_has_the_lines_of_the_training(first: tuple[Path, Ended]) -> None:
    path, _ = first
    lines = read_metrics(path / "metrics.jsonl")
    assert {line["stage"] for line in lines} == {"train"} and lines[-1]["epoch"] == 1
    context = opened(path)
    folder = workshop_of(context).folder_of(path_of(context.architecture.operations, context.layout))
    assert lines == read_metrics(folder.file("metrics.jsonl"))
    kept, copied = (load_file(place / "weights.safetensors") for place in (folder.path, path))
    assert all(bool((kept[name] == copied[name]).all()) for name in kept)


def test_a_second_goal_takes_the_supernet_that_is_there(
    first: tuple[Path, Ended], inputs: Path, cache: Path, tmp_path: Path
) -> None:
    assert first[1].code == 0
    (net,) = cache.rglob("supernet.safetensors")
    before = net.stat().st_mtime_ns
    ended = wattnas("build", *flags(inputs, goal_accuracy="0.3"), "--json", "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    assert summary(ended)["seconds"]["supernet"] == 0.0
    assert [path.stat().st_mtime_ns for path in cache.rglob("supernet.safetensors")] == [before]
    assert user_cache() == cache / "wattnas"


def test_timing_this_machine_is_told_and_is_no_part_of_the_selection(
    first: tuple[Path, Ended], inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first[1].code == 0

    def slow(layout: Layout, progress: Callable[[int, int, str], None]) -> Profile:
        progress(1, 2, "timing")
        time.sleep(3.0)
        return round_profile(layout)

    monkeypatch.setattr(contexts, "local_profile", slow)
    ended = wattnas("build", *flags(inputs, device="local"), "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    assert "profile of this machine (kept for later runs): timing" in ended.err
    parts = RunDir(tmp_path / "run").load()["stages"]["search"]["parts"]
    assert parts["profile"] >= 3.0 and parts["selection"] < 3.0
    took = next(line for line in ended.out.splitlines() if line.startswith("Took"))
    assert re.search(r"profile \d+\.\d s", took)


def test_a_bound_that_nothing_keeps_ends_with_3_before_any_work(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the candidates the cheapest costs 1 ms in each of three layers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ended = wattnas("build", *flags(inputs, max_latency="2ms"), "--json", "--out", tmp_path / "run")
    assert ended.code == 3 and ended.out == ""
    assert "latency_s" in ended.err and "3 ms" in ended.err and "Traceback" not in ended.err
    assert not (tmp_path / "run" / "run.json").exists() and not list(tmp_path.rglob("supernet*"))


def test_a_memory_that_nothing_keeps_is_refused_before_any_work(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ended = wattnas("build", *flags(inputs, max_memory="1kB"), "--json", "--out", tmp_path / "run")
    assert ended.code == 3 and "memory_bytes" in ended.err
    assert not list(tmp_path.rglob("supernet*"))


def test_without_a_goal_the_best_within_a_bound_is_built(
    first: tuple[Path, Ended], inputs: Path, tmp_path: Path
) -> None:
    """5 ms in three layers: not all of them can have the dearest candidate, 3 ms."""
    assert first[1].code == 0
    ended = wattnas(
        "build", *without_goal(inputs, "--max-latency", "5ms"), "--json", "--out", tmp_path / "run"
    )
    assert ended.code == 0, ended.err
    found = summary(ended)
    assert found["goal"] is None and found["met"] is True and found["bounds"] == {"latency_s": True}
    assert found["latency_s"] <= 5e-3
    assert json.loads((tmp_path / "run" / "verification.json").read_text())["goal_accuracy"] is None
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_goal_out_of_reach_ends_with_3_and_says_what_to_relax(
    first: tuple[Path, Ended], inputs: Path, tmp_path: Path
) -> None:
    assert first[1].code == 0
    ended = wattnas(
        "build",
        *flags(inputs, goal_accuracy="0.9999", max_latency="3.5ms"),
        "--json",
        "--out",
        tmp_path / "run",
    )
    assert ended.code == 3, ended.err
    found = summary(ended)
    assert found["met"] is False
    advice = read_advice(RunDir(tmp_path / "run"))
    assert advice is not None and [entry.name for entry in advice.relax] == ["goal_accuracy", "latency_s"]
    assert "Out of reach here: 100.0%" in " ".join(found["advice"])
    assert "of the training images right" in found["advice"][2]


def test_a_search_that_was_cut_off_goes_on_with_its_rounds(
    first: tuple[Path, Ended], inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the loop, before its result was written: nothing is trained again."""
    assert first[1].code == 0
    command = ["build", *flags(inputs), "--json", "--out", str(tmp_path / "run")]

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_write_choice", cut)
        wattnas(*command)
    rounds = json.loads((tmp_path / "run" / ROUNDS_FILE).read_text())
    assert not (tmp_path / "run" / "architecture.json").exists()
    ended = wattnas(*command)
    assert ended.code == 0, ended.err
    again = json.loads((tmp_path / "run" / ROUNDS_FILE).read_text())
    assert again["rounds"] == rounds["rounds"] and again["reason"] == rounds["reason"]
    assert summary(ended)["seconds"]["training"] == 0.0 or rounds["seconds"]["training"] > 0


@pytest.mark.parametrize("name", [ROUNDS_FILE, ADVICE_FILE])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{")
    with pytest.raises(RunError, match=f"{name} is damaged"):
        if name == ROUNDS_FILE:
            module._load(tmp_path / name)
        else:
            read_advice(RunDir(tmp_path))
    assert read_advice(RunDir(tmp_path / "elsewhere")) is None


def test_what_the_settings_ask_for_is_the_wish(inputs: Path) -> None:
    made = settings(inputs, method="goal", max_energy="0.2J", minimize="latency", seed=4)
    wish = wish_of(made, 123)
    assert (wish.goal, wish.minimize, wish.bounds) == (0.4, "latency_s", {"energy_j": 0.2})
    assert (wish.images, wish.seed, wish.settings) == (123, 4, made.select)


def test_several_processes_are_refused(first: tuple[Path, Ended]) -> None:
    context = opened(first[0])
    context.compute = replace(context.compute, processes=2)
    with pytest.raises(ConfigError, match="one process"):
        module.run_goal_search(context)
