"""The cache: what it depends on, that nothing is made twice, and what damage leads to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.data.make import dataset
from tests.goals.training import layout
from tests.running import StopAt
from tests.train.problems import quadrants
from wattnas.config import Settings
from wattnas.data import make_splits
from wattnas.errors import RunError
from wattnas.goals import Predicted, Subject, Workshop, surveyor
from wattnas.goals import workshop as module
from wattnas.goals.inherited import Inherited
from wattnas.goals.paths import draw_paths
from wattnas.progress import Progress, Silent
from wattnas.rundir import RunDir, read_metrics
from wattnas.seeding import derive_seed
from wattnas.train import count_correct
from wattnas.units import format_duration

PATH = torch.tensor([0, 1, 2])
FLAGS: dict[str, Any] = {
    "data": "made",
    "goal_accuracy": 0.5,
    "checkpoint_s": 1e-9,
    "augment": {"padding": 0, "flip": "off"},
    "supernet": {"epochs": 2, "batch": 16, "survey": 16, "images": 30},
    "train": {"epochs": 2, "batch": 16},
}


def subject(**changed: Any) -> Subject:
    """200 images of quadrants, split as by default."""
    settings = Settings.model_validate(FLAGS | changed)
    splits = make_splits(
        dataset(quadrants(200)), seed=settings.seed, theta_share=0.2, validation_share=0.1, test_share=0.2
    )
    return Subject(layout(), splits, "0" * 16, False, settings)


def workshop(root: Path, progress: Progress | None = None, **changed: Any) -> Workshop:
    return Workshop(subject(**changed), root, progress)


@pytest.mark.parametrize(
    "changed",
    [
        {"goal_accuracy": 0.9},
        {"goal_accuracy": None, "bounds": {"latency_s": 1.0}},
        {"device": "elsewhere"},
        {"minimize": "latency"},
        {"select": {"rounds": 9, "method": "dual"}},
        {"search": {"epochs": 50}},
        {"threads": 3, "checkpoint_s": 5.0},
    ],
    ids=str,
)
def test_goal_device_cost_and_selection_leave_the_cache_as_it_is(changed: dict[str, Any]) -> None:
    first, second = subject(), subject(**changed)
    assert first.supernet_key() == second.supernet_key() and first.network_key() == second.network_key()


@pytest.mark.parametrize(
    ("changed", "moves"),
    [
        ({"seed": 1}, {"supernet", "network"}),
        ({"augment": {"padding": 2}}, {"supernet", "network"}),
        ({"split": {"theta": 0.3}}, {"supernet", "network"}),
        ({"supernet": FLAGS["supernet"] | {"sampling": "uniform"}}, {"supernet"}),
        ({"train": {"epochs": 3, "batch": 16}}, {"network"}),
    ],
    ids=str,
)
def test_a_recipe_moves_what_it_changes(changed: dict[str, Any], moves: set[str]) -> None:
    first, second = subject(), subject(**changed)
    moved = {
        name
        for name in ("supernet", "network")
        if getattr(first, f"{name}_key")() != getattr(second, f"{name}_key")()
    }
    assert moved == moves


def test_images_and_space_move_everything() -> None:
    first = subject()
    for other in (
        Subject(first.layout, first.splits, "1" * 16, False, first.settings),
        Subject(layout(dropout=0.5), first.splits, "0" * 16, False, first.settings),
    ):
        assert other.supernet_key() != first.supernet_key() and other.network_key() != first.network_key()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a supernet, its survey and one trained network; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("cache")
    workshop(folder).train(PATH)
    return folder


@pytest.fixture
def copied(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "cache"))


def files(root: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != ".lock"
    }


def test_the_survey_is_of_the_sequences_paths_on_theta_images(root: Path) -> None:
    made = workshop(root)
    survey = made.survey()
    names = made.subject.layout.space.candidates
    seed = derive_seed(0, "survey")
    drawn = [tuple(names[column] for column in path) for path in draw_paths(layout(), 16, seed).tolist()]
    assert [entry.operations for entry in survey[:16]] == drawn
    assert {entry.n for entry in survey} == {min(30, len(made.subject.splits.theta))}


def test_a_network_is_what_was_trained_and_measured(root: Path) -> None:
    made = workshop(root)
    (record,) = made.trained()
    assert record.operations == ("k3_e1", "k5_e1_g2", "skip") and record.predicted is None
    validation = made.subject.splits.validation
    assert (record.correct, record.n) == (count_correct(made.network(PATH), validation), len(validation))
    looked = made.look(PATH)
    assert (record.inherited_correct, record.inherited_n) == (looked.correct, looked.n)
    lines = read_metrics(made.folder_of(PATH).file("metrics.jsonl"))
    assert {line["stage"] for line in lines} == {"train"} and lines[-1]["epoch"] == 1


def test_a_second_workshop_trains_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(root)

    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(surveyor, "train_shared", refuse)
    monkeypatch.setattr(module, "train", refuse)
    monkeypatch.setattr(Inherited, "correct", refuse)
    again = workshop(root, goal_accuracy=0.9, device="elsewhere")
    survey = again.survey()
    record = again.train(PATH, Predicted(accuracy=0.5, low=0.1, high=0.9, known=3))
    assert record == again.trained()[0] and len(survey) == len(again.survey())
    assert again.look(PATH).operations == record.operations
    assert again.spent_s == {"supernet": 0.0, "training": 0.0}
    assert files(root) == before


def test_a_new_look_joins_the_survey(copied: Path) -> None:
    made = workshop(copied)
    known = {entry.operations for entry in made.survey()}
    path = next(p for p in torch.cartesian_prod(*[torch.arange(3)] * 3) if made_of(made, p) not in known)
    found = made.look(path)
    assert made.survey()[-1] == found == workshop(copied).look(path)
    assert len(workshop(copied).survey()) == len(made.survey())


def made_of(made: Workshop, path: torch.Tensor) -> tuple[str, ...]:
    return tuple(made.subject.layout.space.candidates[column] for column in path.tolist())


@pytest.mark.parametrize("steps", [3, 14 + 6, 14 + 16 + 3])
def test_work_that_was_cut_off_goes_on_and_ends_the_same(root: Path, tmp_path: Path, steps: int) -> None:
    """In the supernet's steps, in its survey, in the training of a network."""
    with pytest.raises(KeyboardInterrupt):
        workshop(tmp_path, StopAt(steps)).train(PATH)
    made = workshop(tmp_path, StopAt(10**6))
    record = made.train(PATH)
    # What was done before the cut counts in the training's seconds, as it does in the record.
    assert made.spent_s["training"] == pytest.approx(record.seconds, abs=1e-3)
    for name in ("supernet.safetensors", "weights.safetensors"):
        (first,), (second,) = root.rglob(name), tmp_path.rglob(name)
        one, other = load_file(first), load_file(second)
        assert all(torch.equal(one[key], other[key]) for key in one), name
    records = [workshop(folder).trained()[0] for folder in (root, tmp_path)]
    assert records[0].correct == records[1].correct
    assert workshop(root).survey() == workshop(tmp_path).survey()
    assert not list(tmp_path.rglob("*.checkpoint"))


@pytest.mark.parametrize(
    ("name", "content", "ask"),
    [
        ("survey.json", b"{", "survey"),
        ("survey.json", b'{"networks": [{"operations": [], "correct": 3, "n": 2}]}', "survey"),
        ("supernet.safetensors", b"garbage", "look"),
        ("trained.json", b"{}", "trained"),
        ("weights.safetensors", b"", "network"),
    ],
)
def test_a_damaged_file_is_named_with_the_folder_to_delete(
    copied: Path, name: str, content: bytes, ask: str
) -> None:
    (path,) = copied.rglob(name)
    path.write_bytes(content)
    made = workshop(copied)
    known = {entry.operations for entry in made.survey()} if ask == "look" else set()
    asks: dict[str, Callable[[], object]] = {
        "survey": made.survey,
        "trained": made.trained,
        "network": lambda: made.network(PATH),
        "look": lambda: [
            made.look(p)
            for p in torch.cartesian_prod(*[torch.arange(3)] * 3)
            if made_of(made, p) not in known
        ],
    }
    with pytest.raises(RunError) as caught:
        asks[ask]()
    assert str(path) in str(caught.value) and f"Delete the folder {path.parent}" in str(caught.value)


def test_what_was_deleted_is_made_again(copied: Path, root: Path) -> None:
    (network,) = copied.glob("networks/*/*")
    before = workshop(root).trained()[0]
    shutil.rmtree(network)
    assert workshop(copied).trained() == []
    assert workshop(copied).train(PATH).correct == before.correct


def test_another_supernet_measures_a_network_anew(copied: Path) -> None:
    """What is inherited from one supernet says nothing beside what another's survey says."""
    before = workshop(copied).trained()[0]
    other = workshop(copied, supernet=FLAGS["supernet"] | {"epochs": 1})
    after = other.trained()[0]
    looked = other.look(PATH)
    assert (after.inherited_correct, after.inherited_n) == (looked.correct, looked.n)
    assert (after.correct, after.n, after.date) == (before.correct, before.n, before.date)
    assert after.supernet == other.folder.name != before.supernet == workshop(copied).folder.name
    assert workshop(copied).trained()[0] == before


def test_a_prediction_is_kept_with_the_network(copied: Path) -> None:
    path, predicted = torch.tensor([2, 2, 2]), Predicted(accuracy=0.5, low=0.1, high=0.9, known=1)
    made = workshop(copied)
    assert made.train(path, predicted).predicted == predicted
    assert len(made.trained()) == 2 and made.spent_s["training"] > 0


def test_each_folder_is_a_run_directory(root: Path) -> None:
    made = workshop(root)
    assert RunDir(made.folder).load()["stages"].keys() == {"supernet", "survey"}
    assert made.folder_of(PATH).load()["stages"].keys() == {"train"}


def test_a_longer_training_is_another_network_of_the_cache(copied: Path) -> None:
    made = workshop(copied)
    (usual,) = made.trained()
    (longer,) = made.train_all([(PATH, None)], times=2)
    assert (usual.times, longer.times) == (1, 2)
    assert made.folder_of(PATH, 2).path != made.folder_of(PATH).path
    lines = read_metrics(made.folder_of(PATH, 2).file("metrics.jsonl"))
    assert lines[-1]["epoch"] == 3  # from 0: four instead of two
    assert longer.learned == pytest.approx(lines[-1]["accuracy"], abs=1e-6)
    assert {record.times for record in made.trained()} == {1, 2}
    assert made.is_trained(PATH, 2) and not made.is_trained(PATH, 4)
    assert made.network(PATH, 2).state_dict().keys() == made.network(PATH).state_dict().keys()


def test_how_long_a_training_was_is_counted_in_the_epochs_of_the_settings(copied: Path) -> None:
    """Twice two epochs are once four; what is longer than allowed is not looked at."""
    made = workshop(copied)
    made.train(PATH, times=2)
    four = workshop(copied, train=FLAGS["train"] | {"epochs": 4})
    assert [record.times for record in four.trained()] == [1]
    assert four.train(PATH).correct == made.train(PATH, times=2).correct
    never = workshop(copied, select={"longer": 1})
    assert [record.times for record in never.trained()] == [1]


def test_longer_trainings_go_side_by_side_too(copied: Path) -> None:
    paths = [torch.tensor([2, 2, 2]), torch.tensor([2, 1, 2])]
    made = workshop(copied, select={"together": 2})
    with closing(made):
        records = made.train_all([(path, None) for path in paths], times=2)
    assert [record.times for record in records] == [2, 2]
    for path in paths:
        assert read_metrics(made.folder_of(path, 2).file("metrics.jsonl"))[-1]["epoch"] == 3


class Listener(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        """A sentence."""
        self.heard.append(text)


def test_a_longer_training_says_how_long_it_should_take(copied: Path) -> None:
    """By the seconds of the known network that is nearest in size, for the work."""
    listener = Listener()
    made = workshop(copied, listener)
    (record,) = made.trained()
    file = made.folder_of(PATH).path / module.TRAINED_FILE
    file.write_text(record.model_copy(update={"seconds": 600.0}).model_dump_json())
    other = torch.tensor([2, 1, 2])
    made.train_all([(other, None)], times=2)
    share = 2 * made._macs(other) / made._macs(PATH)
    expected = format_duration(600.0 * share)
    assert listener.heard == [
        f"Longer training should pay here: 4 epochs instead of 2, about {expected} by what others took "
        "(select.longer)."
    ]
    made.train_all([(other, None)], times=2)
    assert len(listener.heard) == 1


def test_a_longer_training_with_nothing_to_go_by_says_no_time(tmp_path: Path) -> None:
    listener = Listener()
    workshop(tmp_path, listener).train_all([(PATH, None)], times=2)
    assert listener.heard == ["Longer training should pay here: 4 epochs instead of 2 (select.longer)."]
