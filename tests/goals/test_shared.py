"""The shared supernet: which weights a step touches, that it learns, and that a stop leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from tests.goals.training import shared
from tests.running import StopAt, stage
from tests.train.problems import quadrants
from wattnas.checkpoint import load_state
from wattnas.errors import NumericError
from wattnas.goals.inherited import Inherited
from wattnas.goals.paths import draw_paths
from wattnas.goals.shared import SharedProblem, empty_supernet, train_shared
from wattnas.rundir import read_metrics
from wattnas.supernet import Supernet


def weights_of(net: Supernet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> set[str]:
    return {name for name, value in one.items() if not torch.equal(value, other[name])}


def one_step(sampling: Literal["fair", "uniform"] = "fair") -> SharedProblem:
    """All images in one batch, once."""
    return shared(quadrants(16), epochs=1, batch=16, warmup=0.0, sampling=sampling)


@pytest.mark.parametrize("sampling", ["fair", "uniform"])
def test_a_step_changes_the_candidates_on_its_path_and_no_others(
    tmp_path: Path, sampling: Literal["fair", "uniform"]
) -> None:
    stated = one_step(sampling)
    before = weights_of(empty_supernet(stated))
    after = weights_of(train_shared(stated, stage(tmp_path, "supernet")))
    path = draw_paths(stated.layout, 1, stated.seed, 0, sampling)[0].tolist()
    changed = {
        tuple(name.split(".")[1:4:2]) for name in differing(before, after) if name.startswith("layers")
    }
    # A block is on its path alone; the skip that changes a shape is beside every path.
    working = {(str(layer), str(column)) for layer, column in enumerate(path) if column != 2}
    beside = {("1", "2")}
    assert changed == working | beside
    assert {"stem", "head"} <= {name.split(".")[0] for name in differing(before, after)}


def test_theta_is_left_alone(tmp_path: Path) -> None:
    net = train_shared(one_step(), stage(tmp_path, "supernet"))
    assert net.theta.grad is None and not net.theta.any()


def test_the_paths_are_those_of_the_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []
    forward = Supernet.forward_path

    def spied(net: Supernet, x: Tensor, path: Tensor, gates: Tensor | None = None) -> Tensor:
        seen.append(path.tolist())
        return forward(net, x, path, gates)

    monkeypatch.setattr(Supernet, "forward_path", spied)
    stated = shared(epochs=3)
    train_shared(stated, stage(tmp_path, "supernet"))
    assert seen == draw_paths(stated.layout, 12, stated.seed).tolist()  # 3 times 4 batches


def test_it_learns(tmp_path: Path) -> None:
    """Four classes: a quarter by chance, and nearly all of the deepest path after some epochs."""
    images, path = quadrants(64), torch.tensor([0, 0, 0])
    stated = shared(images, epochs=12)
    before = Inherited(empty_supernet(stated), images, quadrants(80, seed=1)).correct(path)
    net = train_shared(stated, stage(tmp_path, "supernet"))
    assert before < 45 and Inherited(net, images, quadrants(80, seed=1)).correct(path) > 72
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert [line["step"] for line in lines] == list(range(1, 49))
    assert lines[-1]["epoch"] == 11 and lines[-1]["stage"] == "supernet"
    early, late = (sum(line["loss"] for line in part) for part in (lines[:8], lines[-8:]))
    assert late < early / 2


@pytest.mark.parametrize("stops", [(1,), (3, 4)])
def test_a_training_that_was_stopped_ends_as_an_undisturbed_one(
    tmp_path: Path, stops: tuple[int, ...]
) -> None:
    """A checkpoint after every line; dropout, momentum and decay are at work."""
    stated = shared(dropout=0.3, epochs=3)
    straight = train_shared(stated, stage(tmp_path / "straight", "supernet"))
    for steps in stops:
        with pytest.raises(KeyboardInterrupt):
            train_shared(stated, stage(tmp_path / "cut", "supernet", 0.0, StopAt(steps)))
    watcher = StopAt(1000)
    resumed = train_shared(stated, stage(tmp_path / "cut", "supernet", 0.0, watcher))
    assert watcher.began_at > 0
    assert differing(weights_of(straight), weights_of(resumed)) == set()
    logs = [(tmp_path / name / "metrics.jsonl").read_bytes() for name in ("straight", "cut")]
    assert logs[0] == logs[1]


def test_a_checkpoint_holds_weights_and_momentum(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_shared(shared(), stage(tmp_path, "supernet", 0.0, StopAt(3)))
    tensors, values = load_state(tmp_path / "supernet.checkpoint")
    assert values["step"] == 3
    assert {name.split(".")[0] for name in tensors} == {"net", "sgd"}


def test_the_seed_decides_and_the_callers_random_state_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first = train_shared(shared(dropout=0.3), stage(tmp_path / "1", "supernet"))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(12)
    second = train_shared(shared(dropout=0.3), stage(tmp_path / "2", "supernet"))
    assert differing(weights_of(first), weights_of(second)) == set()


def test_an_empty_supernet_has_the_images_statistics() -> None:
    stated = shared()
    net = empty_supernet(stated)
    assert net.mean.flatten().tolist() == stated.mean.tolist()
    assert net.std.flatten().tolist() == stated.std.tolist()


def test_a_loss_that_is_not_finite_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(NumericError, match=r"supernet, epoch \d+, step \d+: the loss is .*supernet\.lr"):
        train_shared(shared(lr=100.0, clip_norm=0.0, epochs=30), stage(tmp_path, "supernet"))
