"""Whole searches: what they look at, where theta goes, and that a stop leaves no trace."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.running import StopAt, stage
from tests.search.problems import CHEAPEST, DROPOUT_LAYOUT, LAYOUT, numbers, problem
from wattnas.checkpoint import load_state
from wattnas.data import Batches
from wattnas.errors import NumericError
from wattnas.objective import make_objective
from wattnas.rundir import RunDir, read_metrics
from wattnas.search import SearchProblem, SearchResult, search_differentiable
from wattnas.search.bilevel import Bilevel
from wattnas.sections import AugmentSettings
from wattnas.space import Architecture

WAYS: dict[str, dict[str, Any]] = {
    "mixture": {"mode": "mixture"},
    "contrast": {"estimator": "contrast"},
    "score": {"estimator": "score"},
    "gdas": {"estimator": "gdas"},
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@each_way
def test_where_the_goal_is_reached_theta_goes_to_what_is_cheap(tmp_path: Path, way: dict[str, Any]) -> None:
    # Every batch with one image right reaches this goal; only the costs are left. Held-out images raise.
    stated = problem(make_objective("s2", 0.01), epochs=4, theta_lr=0.1, min_steps=20, **way)
    found = search_differentiable(stated, stage(tmp_path))
    assert found.architecture == Architecture.of(CHEAPEST, LAYOUT.space)
    assert found.theta.shape == (3, 3) and not found.theta.requires_grad
    lines = [line for line in read_metrics(tmp_path / "metrics.jsonl") if "latency_s" in line]
    assert lines[-1]["latency_s"] < lines[0]["latency_s"]
    assert lines[-1]["energy_j"] < lines[0]["energy_j"]


def test_weights_and_theta_learn_from_disjoint_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: dict[Batches, set[int]] = {}
    load = Batches.load

    def spy(self: Batches, epoch: int, position: int) -> tuple[Tensor, Tensor]:
        images, labels = load(self, epoch, position)
        loaded.setdefault(self, set()).update(numbers(images))
        return images, labels

    used: dict[str, set[int]] = {"weights": set(), "theta": set()}
    weight_step, theta_step = Bilevel.weight_step, Bilevel.theta_step

    def of_weights(self: Bilevel, images: Tensor, labels: Tensor, **rest: Any) -> dict[str, Tensor]:
        used["weights"].update(numbers(images))
        return weight_step(self, images, labels, **rest)

    def of_theta(self: Bilevel, images: Tensor, labels: Tensor, **rest: Any) -> dict[str, Tensor]:
        used["theta"].update(numbers(images))
        return theta_step(self, images, labels, **rest)

    monkeypatch.setattr(Batches, "load", spy)
    monkeypatch.setattr(Bilevel, "weight_step", of_weights)
    monkeypatch.setattr(Bilevel, "theta_step", of_theta)
    stated = problem(batch=4, epochs=3)
    search_differentiable(stated, stage(tmp_path))
    assert not used["weights"] & used["theta"]
    whole = {name: part.images[:, 0, 0, 0].tolist() for name, part in shown(stated).items()}
    assert used["weights"] <= set(whole["weights"]) and used["theta"] <= set(whole["theta"])
    assert len(used["weights"]) > 0.9 * len(whole["weights"])
    assert len(used["theta"]) > 0.9 * len(whole["theta"])
    assert sorted(map(sorted, loaded.values())) == sorted(map(sorted, used.values()))


def shown(stated: SearchProblem) -> dict[str, Any]:
    return {"weights": stated.splits.weights, "theta": stated.splits.theta}


def test_theta_waits_for_its_first_epoch(tmp_path: Path) -> None:
    search_differentiable(problem(epochs=4, theta_from_epoch=2, theta_lr=0.5), stage(tmp_path))
    lines = read_metrics(tmp_path / "metrics.jsonl")
    waiting = [line for line in lines if line["epoch"] < 2]
    assert all(line["entropy"] == round(math.log(3), 6) for line in waiting)
    assert not any("cross_entropy" in line for line in waiting)
    ends = [line for line in lines if "probabilities" in line]
    assert [line["epoch"] for line in ends] == [0, 1, 2, 3]
    assert all(p == 0.3333 for line in ends[:2] for row in line["probabilities"] for p in row)
    for line in ends[2:]:
        assert line["entropy"] < math.log(3) - 0.01
        assert all(sum(row) == pytest.approx(1, abs=2e-4) for row in line["probabilities"])
    assert any("cross_entropy" in line for line in lines if line["epoch"] == 2)


def test_theta_steps_are_spread_over_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[str, int]] = []
    weight_step, theta_step = Bilevel.weight_step, Bilevel.theta_step

    def of_weights(self: Bilevel, *images: Tensor, **rest: Any) -> dict[str, Tensor]:
        steps.append(("w", rest["epoch"]))
        return weight_step(self, *images, **rest)

    def of_theta(self: Bilevel, *images: Tensor, **rest: Any) -> dict[str, Tensor]:
        steps.append(("t", rest["epoch"]))
        return theta_step(self, *images, **rest)

    monkeypatch.setattr(Bilevel, "weight_step", of_weights)
    monkeypatch.setattr(Bilevel, "theta_step", of_theta)
    stated = problem(batch=4, min_steps=20)
    weights, theta = len(stated.splits.weights), len(stated.splits.theta)
    turns = max(theta // 4, round(20 * theta / weights))
    search_differentiable(stated, stage(tmp_path))
    order = "".join(kind for kind, epoch in steps if epoch == 1)
    assert order.count("w") == 20 and order.count("t") == turns > 1
    gaps = [len(run) for run in order.split("t")]
    assert max(gaps[:-1]) - min(gaps[:-1]) <= 1 and gaps[-1] <= max(gaps)
    assert all(kind == "w" for kind, epoch in steps if epoch == 0)
    assert steps[0] == ("w", 0)


@each_way
def test_a_search_learns_and_logs_what_it_did(tmp_path: Path, way: dict[str, Any]) -> None:
    stated = problem(epochs=3, theta_from_epoch=1, min_steps=20, **way)
    running = stage(tmp_path)
    found = search_differentiable(stated, running)
    running.finish()
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert all(line["stage"] == "search" for line in lines)
    assert [line["step"] for line in lines] == sorted({line["step"] for line in lines})
    assert [line["step"] for line in lines if "temperature" in line] == [20, 40, 60]
    assert [line["temperature"] for line in lines if "temperature" in line] == [
        round(5 * math.exp(-0.045 * epoch), 6) for epoch in range(3)
    ]
    assert lines[-1]["architecture"] == str(found.architecture)
    assert torch.allclose(torch.tensor(lines[-1]["probabilities"]), found.theta.softmax(dim=1), atol=6e-5)
    # Bright and dark images are easy to tell apart.
    assert lines[-1]["weight_cross_entropy"] < 0.7 * lines[0]["weight_cross_entropy"]
    assert (
        RunDir(tmp_path).load()["stages"]["search"]["log_bytes"]
        == (tmp_path / "metrics.jsonl").stat().st_size
    )


def test_the_same_seed_finds_the_same_and_another_one_does_not(tmp_path: Path) -> None:
    found = [
        search_differentiable(problem(seed=seed), stage(tmp_path / str(index))).theta
        for index, seed in enumerate([3, 3, 4])
    ]
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_the_callers_random_state_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(17)
    expected = torch.rand(3)
    torch.manual_seed(17)
    search_differentiable(problem(), stage(tmp_path))
    assert torch.equal(torch.rand(3), expected)


def not_a_number_at(monkeypatch: pytest.MonkeyPatch, epoch: int, position: int) -> None:
    """One batch of the weights becomes NaN."""
    load = Batches.load

    def spoiled(self: Batches, at_epoch: int, at_position: int) -> tuple[Tensor, Tensor]:
        images, labels = load(self, at_epoch, at_position)
        return images * math.nan if (at_epoch, at_position) == (epoch, position) else images, labels

    monkeypatch.setattr(Batches, "load", spoiled)


def test_what_is_not_finite_is_named_and_the_run_goes_on_from_before(tmp_path: Path) -> None:
    stated = problem(epochs=3)
    undisturbed = search_differentiable(stated, stage(tmp_path / "a"))
    with pytest.MonkeyPatch.context() as patch:
        not_a_number_at(patch, 2, 3)
        with pytest.raises(NumericError, match=r"^search, epoch 2, step 3: the loss is nan\.") as caught:
            search_differentiable(stated, stage(tmp_path / "b", checkpoint_s=1e-9))
    assert caught.value.exit_code == 1 and caught.value.hint
    resumed = stage(tmp_path / "b")
    assert resumed.step > 0
    assert_same(undisturbed, search_differentiable(stated, resumed), tmp_path)


def assert_same(one: SearchResult, other: SearchResult, path: Path) -> None:
    """Bit for bit: theta, architecture, and the logs of runs a and b."""
    assert torch.equal(one.theta, other.theta)
    assert one.architecture == other.architecture
    assert (path / "a" / "metrics.jsonl").read_bytes() == (path / "b" / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize("checkpoint_s", [1e-9, 1e9], ids=["often", "never"])
@each_way
def test_a_search_stopped_again_and_again_ends_as_an_undisturbed_one(
    tmp_path: Path, way: dict[str, Any], checkpoint_s: float
) -> None:
    stated = problem(
        layout=DROPOUT_LAYOUT, augment=AugmentSettings(padding=1, flip="on"), epochs=3, min_steps=12, **way
    )
    undisturbed = search_differentiable(stated, stage(tmp_path / "a"))
    began = []
    for steps in (1, 5, 9, 14):
        watcher = StopAt(steps)
        with pytest.raises(KeyboardInterrupt):
            search_differentiable(stated, stage(tmp_path / "b", checkpoint_s=checkpoint_s, progress=watcher))
        began.append(watcher.began_at)
    resumed = search_differentiable(stated, stage(tmp_path / "b", checkpoint_s=checkpoint_s))
    # 12 steps an epoch: a line, and with it a checkpoint, after each.
    assert began == ([0, 1, 6, 15] if checkpoint_s < 1 else [0, 0, 0, 0])
    assert_same(undisturbed, resumed, tmp_path)


def test_a_checkpoint_holds_no_candidate_that_never_learned(tmp_path: Path) -> None:
    # One path per step: the momentum of what was not on it stays absent, also over a stop.
    with pytest.raises(KeyboardInterrupt):
        search_differentiable(problem(), stage(tmp_path, checkpoint_s=1e-9, progress=StopAt(1)))
    tensors, values = load_state(tmp_path / "search.checkpoint")
    momenta = sum(name.startswith("weights.") for name in tensors)
    everything = len(Bilevel(problem()).net.weights())
    assert 0 < momenta < everything
    assert values["step"] == 1
