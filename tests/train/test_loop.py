"""Training: that it learns, at the rates it was told, and that a stop leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from tests.running import StopAt, stage
from tests.train.problems import network, problem, quadrants
from wattnas.checkpoint import load_state
from wattnas.errors import NumericError
from wattnas.rundir import read_metrics
from wattnas.sections import AugmentSettings
from wattnas.train import count_correct, train


def lines_of(path: Path) -> list[dict[str, Any]]:
    return read_metrics(path / "metrics.jsonl")


def test_a_handful_of_images_is_learned_by_heart(tmp_path: Path) -> None:
    images, fresh = quadrants(16), network(dropout=0.1)
    before = count_correct(fresh, images)
    train(problem(fresh, images, epochs=25, schedule="onecycle"), stage(tmp_path, "train"))
    assert before < 12
    assert count_correct(fresh, images) == 16
    last = lines_of(tmp_path)[-1]
    assert last["accuracy"] == 1.0 and last["loss"] < math.log(4) / 2
    # The quadrants of images that it never saw are no harder.
    assert last["validation_accuracy"] == count_correct(fresh, quadrants(20, seed=1)) / 20 > 0.9


@contextmanager
def rates() -> Iterator[list[float]]:
    """The rate of every optimizer step, as the optimizer had it."""
    seen: list[float] = []
    handle = register_optimizer_step_pre_hook(
        lambda optimizer, *_: seen.extend(group["lr"] for group in optimizer.param_groups)
    )
    try:
        yield seen
    finally:
        handle.remove()


def test_the_optimizer_steps_at_one_cycle_rates(tmp_path: Path) -> None:
    with rates() as seen:
        stated = problem(network(), quadrants(40), epochs=4, lr=0.2, schedule="onecycle", warmup=0.25)
        train(stated, stage(tmp_path, "train"))
    assert len(seen) == 20  # 40 images in batches of 8, four times
    # Smith and Topin, cosine form: from lr / 25 up over a quarter of the steps, then down towards 0.
    up = [0.2 / 25 + (0.2 - 0.2 / 25) * (1 - math.cos(math.pi * k / 5)) / 2 for k in range(5)]
    down = [0.2 * (1 + math.cos(math.pi * k / 15)) / 2 for k in range(15)]
    assert seen == pytest.approx(up + down)


def test_the_optimizer_steps_at_rates_that_fall_at_milestones(tmp_path: Path) -> None:
    with rates() as seen:
        stated = problem(
            network(), quadrants(16), epochs=5, lr=0.2, schedule="steps", milestones=(1, 4), gamma=0.1
        )
        train(stated, stage(tmp_path, "train"))
    assert seen == pytest.approx([0.2] * 2 + [0.02] * 6 + [0.002] * 2)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_cross_entropy_with_the_smoothing_asked_for(tmp_path: Path, smoothing: float) -> None:
    images, fresh = quadrants(12), network()
    model = deepcopy(fresh).train()
    log_p = model(images.images.float() / 255).detach().log_softmax(dim=1)
    plain = -sum(float(row[label]) for row, label in zip(log_p, images.labels, strict=True)) / 12
    spread = -float(log_p.mean())
    stated = problem(fresh, images, batch=12, epochs=1, label_smoothing=smoothing)
    train(stated, stage(tmp_path, "train"))
    first = lines_of(tmp_path)[0]
    assert first["step"] == 1
    assert first["loss"] == pytest.approx((1 - smoothing) * plain + smoothing * spread, rel=1e-5)


def gradient_norms(path: Path, clip_norm: float) -> list[float]:
    """Norm of the gradient that the optimizer is given at each step of a short training."""
    found: list[float] = []

    def keep(optimizer: torch.optim.Optimizer, *_: object) -> None:
        gradients = [parameter.grad for parameter in optimizer.param_groups[0]["params"]]
        found.append(math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients)))

    hook = register_optimizer_step_pre_hook(keep)
    try:
        train(problem(network(), quadrants(24), epochs=1, clip_norm=clip_norm), stage(path, "train"))
    finally:
        hook.remove()
    return found


def test_a_long_gradient_is_scaled_down_to_the_norm_asked_for(tmp_path: Path) -> None:
    free = gradient_norms(tmp_path / "free", 0.0)
    assert min(free) > 0.02
    assert gradient_norms(tmp_path / "clipped", 0.02) == pytest.approx([0.02] * len(free), rel=1e-3)
    assert gradient_norms(tmp_path / "wide", 1e6) == free


@pytest.mark.parametrize("nesterov", [False, True])
def test_weights_shrink_by_the_decay_and_carry_momentum(tmp_path: Path, nesterov: bool) -> None:
    # SGD by hand: d = g + decay w; v = momentum v + d; w -= rate v, or with Nesterov rate (d + momentum v).
    fresh = network()
    start = {name: tensor.detach().clone() for name, tensor in fresh.named_parameters()}
    gradients: list[dict[str, torch.Tensor]] = []

    def keep(*_: object) -> None:
        gradients.append({name: p.grad.clone() for name, p in fresh.named_parameters() if p.grad is not None})

    handle = register_optimizer_step_pre_hook(keep)
    try:
        stated = problem(
            fresh,
            quadrants(16),
            epochs=1,
            lr=0.1,
            momentum=0.8,
            nesterov=nesterov,
            weight_decay=0.01,
            schedule="steps",
        )
        train(stated, stage(tmp_path, "train"))
    finally:
        handle.remove()
    assert len(gradients) == 2
    for name, parameter in fresh.named_parameters():
        weight, velocity = start[name], torch.zeros(())
        for gradient in gradients:
            direction = gradient[name] + 0.01 * weight
            velocity = 0.8 * velocity + direction
            weight = weight - 0.1 * (direction + 0.8 * velocity if nesterov else velocity)
        torch.testing.assert_close(parameter.detach(), weight, rtol=1e-5, atol=1e-7)


def test_lines_come_about_ten_times_an_epoch_with_validation_at_its_end(tmp_path: Path) -> None:
    running = stage(tmp_path, "train")
    train(problem(network(), quadrants(16), epochs=2, min_steps=40, batch=4), running)
    running.finish()
    found = lines_of(tmp_path)
    assert [line["step"] for line in found] == list(range(4, 81, 4))
    assert [line["step"] for line in found if "validation_accuracy" in line] == [40, 80]
    assert all(line["stage"] == "train" and 0 <= line["accuracy"] <= 1 for line in found)


def test_a_loss_that_is_not_finite_is_named(tmp_path: Path) -> None:
    broken = network()
    broken.normalise_with(torch.tensor([math.nan]), torch.ones(1))
    with pytest.raises(
        NumericError, match=r"^train, epoch 0, step 0: the loss is nan\..*train\.lr"
    ) as caught:
        train(problem(broken, quadrants(16)), stage(tmp_path, "train"))
    assert caught.value.exit_code == 1


def test_a_rate_that_is_too_high_is_blamed(tmp_path: Path) -> None:
    with pytest.raises(NumericError, match=r"^train, epoch \d+, step \d+: the loss is (nan|inf)"):
        train(
            problem(network(), quadrants(16), lr=100.0, schedule="steps", weight_decay=1.0, epochs=60),
            stage(tmp_path, "train"),
        )


@pytest.mark.parametrize("checkpoint_s", [1e-9, 1e9], ids=["often", "never"])
def test_a_training_stopped_again_and_again_ends_as_an_undisturbed_one(
    tmp_path: Path, checkpoint_s: float
) -> None:
    images = quadrants(40)
    augment = AugmentSettings(padding=1, flip="auto")
    settings: dict[str, Any] = {"augment": augment, "flip": True, "epochs": 4, "label_smoothing": 0.1}
    straight = network(dropout=0.3)
    train(problem(straight, images, **settings), stage(tmp_path / "a", "train"))
    began = []
    for steps in (1, 4, 6):
        watcher = StopAt(steps)
        with pytest.raises(KeyboardInterrupt):
            train(
                problem(network(dropout=0.3), images, **settings),
                stage(tmp_path / "b", "train", checkpoint_s=checkpoint_s, progress=watcher),
            )
        began.append(watcher.began_at)
    resumed = network(dropout=0.3)
    train(problem(resumed, images, **settings), stage(tmp_path / "b", "train", checkpoint_s=checkpoint_s))
    assert began == ([0, 1, 5] if checkpoint_s < 1 else [0, 0, 0])
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    assert (tmp_path / "a" / "metrics.jsonl").read_bytes() == (tmp_path / "b" / "metrics.jsonl").read_bytes()


def test_a_checkpoint_holds_weights_and_momenta(tmp_path: Path) -> None:
    fresh = network()
    with pytest.raises(KeyboardInterrupt):
        train(problem(fresh, quadrants(40)), stage(tmp_path, "train", 1e-9, StopAt(2)))
    tensors, values = load_state(tmp_path / "train.checkpoint")
    assert values["step"] == 2
    assert {name.removeprefix("net.") for name in tensors if name.startswith("net.")} == set(
        fresh.state_dict()
    )
    assert sum(name.startswith("sgd.") for name in tensors) == len(list(fresh.parameters()))


def test_the_callers_random_state_is_left_alone(tmp_path: Path) -> None:
    fresh = network()
    torch.manual_seed(17)
    expected = torch.rand(3)
    torch.manual_seed(17)
    train(problem(fresh, quadrants(16)), stage(tmp_path, "train"))
    assert torch.equal(torch.rand(3), expected)
