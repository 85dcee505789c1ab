"""How a run begins, goes on, and refuses what has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.builds import opened, round_profile, settings, write_inputs
from tests.data.make import colour_png, write, write_folder
from wattnas.config import Settings
from wattnas.device import Profile
from wattnas.errors import ConfigError, DataError, ProfileError, RunError, SpaceError, WattnasError
from wattnas.pipeline import Context, context, start_run
from wattnas.progress import Silent
from wattnas.space import Layout, load_space

COUNTS = {"cat": 8, "dog": 9, "emu": 10}


class Ears(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        """Remember."""
        self.heard.append(text)


def begin(path: Path, chosen: Settings) -> Context:
    return start_run(path, chosen, Silent())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "photos", COUNTS)


def manifest(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "run.json").read_text())
    return found


def test_a_run_records_what_it_works_on(tmp_path: Path, inputs: Path, photos: Path) -> None:
    chosen = settings(inputs, data=str(photos), seed=4)
    begin(tmp_path / "run", chosen)
    found = manifest(tmp_path / "run")
    assert Settings.model_validate(found["settings"]) == chosen
    assert found["data"]["classes"] == ["cat", "dog", "emu"]
    splits = found["data"]["splits"]["images"]
    assert {name: sum(part[name] for part in splits.values()) for name in COUNTS} == COUNTS
    assert found["space"] | {"hash": ""} == {
        "source": str(inputs / "toy.yaml"),
        "name": "toy",
        "hash": "",
        "channels": 1,
        "size": 8,
        "classes": 3,
        "candidates": ["k3_e1", "k5_e1_g2", "skip"],
    }
    assert found["stages"] == {} and found["warnings"] == []
    assert {"wattnas", "python", "torch", "onnxruntime"} <= set(found["versions"])
    assert {"cpu", "cores", "threads", "system", "processor", "precision", "processes"} == set(
        found["machine"]
    )


def test_a_run_goes_on_with_its_own_settings_and_refuses_others(
    tmp_path: Path, inputs: Path, photos: Path
) -> None:
    first = begin(tmp_path / "run", settings(inputs, data=str(photos)))
    before = (tmp_path / "run" / "run.json").read_bytes()
    again = opened(tmp_path / "run")
    assert again.settings == first.settings
    assert again.dataset.hash == first.dataset.hash and again.layout == first.layout
    for side in ("weights", "theta", "validation", "test"):
        one, other = getattr(first.splits, side), getattr(again.splits, side)
        assert torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)
    with pytest.raises(RunError, match=r"built with goal_accuracy = 0\.4, not 0\.9.*Choose another --out"):
        begin(tmp_path / "run", settings(inputs, data=str(photos), goal_accuracy=0.9))
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_what_a_killed_process_left_half_written_is_swept_away(
    tmp_path: Path, inputs: Path, photos: Path
) -> None:
    begin(tmp_path / "run", settings(inputs, data=str(photos)))
    left = tmp_path / "run" / ".search.checkpoint.x7f3.part"
    left.write_bytes(b"half")
    opened(tmp_path / "run")
    assert not left.exists()


def test_a_run_whose_images_changed_is_refused(tmp_path: Path, inputs: Path, photos: Path) -> None:
    begin(tmp_path / "run", settings(inputs, data=str(photos)))
    write(photos / "cat" / "000.png", colour_png(12345))
    with pytest.raises(RunError, match=r"are not those .*run began with"):
        _ = opened(tmp_path / "run").dataset
    write(photos / "cat" / "000.png", colour_png(0))  # the old one back
    _ = opened(tmp_path / "run").dataset
    (photos / "cat").rename(photos / "cow")
    with pytest.raises(RunError, match="are not those"):
        _ = opened(tmp_path / "run").dataset


def test_a_run_whose_space_changed_is_refused(tmp_path: Path, photos: Path) -> None:
    own = tmp_path / "own"
    write_inputs(own)
    begin(tmp_path / "run", settings(own, data=str(photos)))
    text = (own / "toy.yaml").read_text()
    (own / "toy.yaml").write_text(text + "source: a comment for people\n")
    assert opened(tmp_path / "run").space.source == "a comment for people"
    (own / "toy.yaml").write_text(text.replace("channels: 16", "channels: 18"))
    with pytest.raises(RunError, match=r"toy\.yaml' is not what it was"):
        _ = opened(tmp_path / "run").space
    (own / "toy.yaml").unlink()
    with pytest.raises(SpaceError, match="There is no space"):
        _ = opened(tmp_path / "run").space


def uncovered(inputs: Path, folder: Path) -> dict[str, Any]:
    layout = opened_layout(inputs)
    profile = round_profile(layout)
    missing = profile.model_copy(update={"entries": profile.entries[1:]})
    (folder / "gap.json").write_text(missing.to_json())
    return {"device": str(folder / "gap.json")}


def opened_layout(inputs: Path) -> Layout:
    return Layout.resolve(load_space(str(inputs / "toy.yaml")), classes=3)


def damaged(inputs: Path, folder: Path) -> dict[str, Any]:
    write(folder / "photos" / "dog" / "broken.png", b"no image")
    return {}


REFUSED: dict[str, tuple[Callable[[Path, Path], dict[str, Any]], type[WattnasError], str]] = {
    "data": (lambda _, folder: {"data": str(folder / "absent")}, DataError, "absent"),
    "image": (damaged, DataError, r"broken\.png"),
    "method": (lambda *_: {"method": "s3"}, ConfigError, "no method 's3'"),
    "goal": (lambda *_: {"method": "s1", "goal_accuracy": 0.05}, ConfigError, "above 0.1"),
    "option": (lambda *_: {"objective": {"alpha": 1.0}}, ConfigError, "no setting 'alpha'"),
    "space": (lambda *_: {"space": "huge"}, SpaceError, "no space 'huge'"),
    "size": (lambda *_: {"image_size": 40}, SpaceError, "40x40"),
    "device": (lambda *_: {"device": "toaster"}, ProfileError, "toaster"),
    "coverage": (uncovered, ProfileError, "lacks 1 of the"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_leaves_no_run_behind(tmp_path: Path, inputs: Path, photos: Path, kind: str) -> None:
    change, error, message = REFUSED[kind]
    chosen: dict[str, Any] = {"data": str(photos)} | change(inputs, tmp_path)
    with pytest.raises(error, match=message):
        begin(tmp_path / "run", settings(inputs, **chosen))
    # The same directory then serves the command that is right.
    begin(tmp_path / "run", settings(inputs, data=str(photos), skip_bad=True))
    assert manifest(tmp_path / "run")["stages"] == {}


def test_a_directory_of_someone_else_is_refused_before_images_are_read(tmp_path: Path, inputs: Path) -> None:
    write(tmp_path / "thesis.tex", b"x")
    with pytest.raises(RunError, match=r"thesis\.tex"):
        begin(tmp_path, settings(inputs, data=str(tmp_path / "absent")))


def test_what_a_user_should_know_is_said_and_kept(tmp_path: Path, inputs: Path) -> None:
    photos = write_folder(tmp_path / "photos" / "train", COUNTS)
    write_folder(tmp_path / "photos" / "test", dict.fromkeys(COUNTS, 2), first_seed=500)
    write(photos / "cat" / "again.png", colour_png(3))  # repeats cat/003.png
    write(photos / "dog" / "other.png", colour_png(17))  # repeats emu/000.png
    write(photos.parent / "test" / "cat" / "known.png", colour_png(1))
    write(photos / "emu" / "broken.png", b"no image")
    ears = Ears()
    start_run(tmp_path / "run", settings(inputs, data=str(photos.parent), skip_bad=True), ears)
    said = [text.removeprefix("note: ") for text in ears.heard if text.startswith("note: ")]
    assert manifest(tmp_path / "run")["warnings"] == said
    assert len(said) == 4
    assert re.match(r"1 files or rows were left out, the first: .*broken\.png", said[0])
    assert said[1].startswith("1 test images are training images")
    assert said[2].startswith("2 images repeat an earlier one")
    assert said[3].startswith("1 images repeat one of another class")


def test_the_profile_is_kept_as_it_was_when_the_run_began(tmp_path: Path, photos: Path) -> None:
    own = tmp_path / "own"
    write_inputs(own)
    run = begin(tmp_path / "run", settings(own, data=str(photos)))
    before = run.profile
    dearer = Profile.parse((own / "desk.json").read_text().replace("0.001", "0.5"), "dearer")
    assert dearer != before
    (own / "desk.json").write_text(dearer.to_json())
    assert opened(tmp_path / "run").profile == before


def test_this_machine_is_timed_once_per_run(
    tmp_path: Path, inputs: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = []

    def local(layout: Layout, **_: Any) -> Profile:
        timed.append(layout)
        return round_profile(layout)

    monkeypatch.setattr(context, "local_profile", local)
    run = begin(tmp_path / "run", settings(inputs, data=str(photos), device="local"))
    assert timed == []  # not before the search needs it
    assert run.profile == opened(tmp_path / "run").profile
    assert timed == [run.layout]


def test_an_architecture_is_asked_for_after_the_search(tmp_path: Path, inputs: Path, photos: Path) -> None:
    run = begin(tmp_path / "run", settings(inputs, data=str(photos)))
    with pytest.raises(RunError, match=r"no architecture yet.*wattnas search"):
        _ = run.architecture
    assert run.log_end == 0
    run.run.finish("search", 1.0, log_bytes=123)
    run.run.finish("export", 1.0)
    assert run.log_end == 123


@pytest.mark.parametrize("threads", [0, 3])
def test_threads_are_set_where_asked_for(
    tmp_path: Path, inputs: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    begin(tmp_path / "run", settings(inputs, data=str(photos), threads=threads))
    assert asked == ([threads] if threads else [])


def test_settings_of_another_version_are_named(tmp_path: Path, inputs: Path, photos: Path) -> None:
    begin(tmp_path / "run", settings(inputs, data=str(photos)))
    found = manifest(tmp_path / "run")
    found["settings"]["search"]["magic"] = 1
    (tmp_path / "run" / "run.json").write_text(json.dumps(found))
    with pytest.raises(
        RunError, match=r"run\.json does not fit this version: There is no setting 'search\.magic'"
    ):
        opened(tmp_path / "run")


@pytest.mark.parametrize("part", ["settings", "stages"])
def test_a_manifest_without_its_parts_is_damaged(
    tmp_path: Path, inputs: Path, photos: Path, part: str
) -> None:
    begin(tmp_path / "run", settings(inputs, data=str(photos)))
    found = manifest(tmp_path / "run")
    del found[part]
    (tmp_path / "run" / "run.json").write_text(json.dumps(found))
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        opened(tmp_path / "run")
