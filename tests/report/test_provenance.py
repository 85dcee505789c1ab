"""Provenance against the manifest."""

from __future__ import annotations

import json
from pathlib import Path

from tests.report.conftest import WARNINGS
from tests.report.fake_run import make_run
from tests.report.test_read import edit
from wattnas.config import merge_settings
from wattnas.device import load_profile
from wattnas.report.provenance import build_provenance
from wattnas.report.read import RunFiles, read_run


def test_what_people_compare_first(files: RunFiles) -> None:
    facts = dict(build_provenance(files).facts)
    assert facts["Method"] == "s1" and facts["Device profile"] == "ozawa-2021" and facts["Seed"] == "7"
    assert facts["Runtime"] == "onnxruntime 1.23.0"
    assert facts["Space"] == "cifar (62399560c343e2f3), input 3 × 32 × 32, 10 classes"
    assert files.model is not None and facts["Model SHA-256"] == files.model.sha256


def test_stages_with_wall_times(files: RunFiles) -> None:
    stages = build_provenance(files).stages
    found = [(stage.name, stage.state, stage.wall) for stage in stages]
    assert found == [
        ("search", "done", "30 min 34 s"),
        ("train", "done", "15 min 13 s"),
        ("export", "done", "3.2 s"),
        ("verify", "done", "14.9 s"),
    ]


def test_stages_to_come_and_stages_of_later_versions(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=("search",))
    edit(path / "run.json", "stages", "distil", value={"state": "running"})
    stages = build_provenance(read_run(path)).stages
    assert [(stage.name, stage.state) for stage in stages] == [
        ("search", "done"),
        ("train", "not done"),
        ("export", "not done"),
        ("verify", "not done"),
        ("distil", "running"),
    ]


def test_all_settings_are_there_and_repeat_the_run(files: RunFiles, finished: Path) -> None:
    found = build_provenance(files)
    saved = json.loads((finished / "run.json").read_text())["settings"]
    assert json.loads(found.settings_file) == saved
    settings = dict(dict(found.tables)["Settings"])
    assert settings["search.theta_from_epoch"] == "3" and settings["train.milestones"] == "none"
    assert dict(dict(found.tables)["Versions"])["torch"] == "2.13.0"
    assert dict(dict(found.tables)["Machine"])["cores"] == "2"


def test_the_settings_file_is_one_that_build_takes(tmp_path: Path) -> None:
    path = make_run(tmp_path, done=())
    settings = merge_settings({"data": "photos", "goal_accuracy": 0.8, "preset": "paper", "seed": 3})
    edit(path / "run.json", "settings", value=settings.model_dump(mode="json"))
    (tmp_path / "settings.json").write_text(build_provenance(read_run(path)).settings_file, encoding="utf-8")
    assert merge_settings({}, tmp_path / "settings.json") == settings


def test_warnings_are_kept(files: RunFiles) -> None:
    assert build_provenance(files).warnings == WARNINGS


def test_what_the_profile_says_of_itself_is_shown(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    assert build_provenance(read_run(path)).caveats == ()
    profile = load_profile("ozawa-2021")
    (path / "profile.json").write_text(profile.to_json(), encoding="utf-8")
    caveats = build_provenance(read_run(path)).caveats
    assert caveats == profile.notes and any("Raspberry Pi" in caveat for caveat in caveats)
