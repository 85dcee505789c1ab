"""Single steps of weights and theta against their formulas."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from tests.search.problems import DROPOUT_LAYOUT, ENERGY_J, LATENCY_S, problem
from wattnas.data import to_float
from wattnas.errors import NumericError
from wattnas.objective import Objective, make_objective
from wattnas.search.base import SearchProblem
from wattnas.search.bilevel import Bilevel, batch_accuracy

# Reached by any batch of which one image is right: from there on S2 is its costs alone.
REACHED = make_objective("s2", 0.01)
WAYS: list[dict[str, Any]] = [
    {"mode": "mixture"},
    {"estimator": "contrast"},
    {"estimator": "score"},
    {"estimator": "gdas"},
    {"estimator": "two_path"},
]
each_way = pytest.mark.parametrize("way", WAYS, ids=["mixture", "contrast", "score", "gdas", "two_path"])


def bilevel(stated: SearchProblem) -> Bilevel:
    torch.manual_seed(0)
    made = Bilevel(stated)
    torch.manual_seed(1)
    return made


def batch(stated: SearchProblem, n: int = 16) -> tuple[Tensor, Tensor]:
    part = stated.splits.weights
    return to_float(part.images[:n]), part.labels[:n]


def weight_step(objective: Objective, progress: float = 0.5, **settings: Any) -> tuple[Bilevel, list[Tensor]]:
    """One step of the weights from a fixed start; also how far each weight moved."""
    stated = problem(objective, weight_momentum=0.0, weight_decay=0.0, **settings)
    made = bilevel(stated)
    before = [weight.detach().clone() for weight in made.net.weights()]
    made.weight_step(*batch(stated), epoch=0, progress=progress)
    return made, [w.detach() - old for w, old in zip(made.net.weights(), before, strict=True)]


def length(moves: list[Tensor]) -> float:
    return math.sqrt(sum(float(move.square().sum()) for move in moves))


@each_way
def test_weights_stop_learning_from_a_batch_that_reaches_the_goal_with_total_alone(
    way: dict[str, Any],
) -> None:
    assert length(weight_step(REACHED, weight_loss="total", **way)[1]) == 0
    assert length(weight_step(REACHED, weight_loss="ce", **way)[1]) > 0


def test_with_total_the_weights_follow_the_gradient_of_the_objective() -> None:
    # FBNet is cross-entropy times a cost that no weight moves: every weight moves so much further.
    fbnet = make_objective("fbnet", 0.9, alpha=0.5, beta=0.6)
    _, plain = weight_step(fbnet, weight_loss="ce", clip_norm=0.0)
    _, total = weight_step(fbnet, weight_loss="total", clip_norm=0.0)
    latency_us = 1e6 * (float(LATENCY_S.mean(dim=1).sum()) + 0.5)
    factor = 0.5 * math.log(latency_us) ** 0.6
    assert length(plain) > 0
    for one, other in zip(plain, total, strict=True):
        torch.testing.assert_close(other, factor * one, rtol=2e-4, atol=1e-6)


def test_long_gradients_of_the_weights_are_cut() -> None:
    rate = 0.3
    _, free = weight_step(REACHED, weight_lr=rate, weight_warmup=0.0, progress=0.0, clip_norm=0.0)
    assert length(free) > 0.01 * rate
    _, cut = weight_step(REACHED, weight_lr=rate, weight_warmup=0.0, progress=0.0, clip_norm=0.01)
    assert length(cut) == pytest.approx(0.01 * rate, rel=1e-3)


@pytest.mark.parametrize(
    ("progress", "warmup", "factor"), [(0.0, 0.0, 1.0), (0.5, 0.0, 0.5), (0.05, 0.2, 0.25), (0.6, 0.2, 0.5)]
)
def test_the_rate_of_the_weights_rises_and_falls(progress: float, warmup: float, factor: float) -> None:
    made, _ = weight_step(REACHED, progress=progress, weight_lr=0.2, weight_warmup=warmup)
    assert [group["lr"] for group in made.weights.param_groups] == [pytest.approx(0.2 * factor)]


def test_theta_does_not_move_with_the_weights_nor_the_weights_with_theta() -> None:
    for way in WAYS:
        made, _ = weight_step(REACHED, **way)
        assert not made.net.theta.any() and made.net.theta.grad is None
        before = [weight.detach().clone() for weight in made.net.weights()]
        made.theta_step(*batch(made.problem), epoch=1)
        assert all(torch.equal(w, old) for w, old in zip(made.net.weights(), before, strict=True))
        assert made.net.theta.any()


@pytest.mark.parametrize("estimator", ["contrast", "score", "gdas", "two_path"])
def test_the_costs_reach_theta_as_the_exact_expectation(estimator: str) -> None:
    # CE + 2 lat + 3 energy. At first blocks add nothing: every path has the same loss, so contrast finds no
    # difference and straight-through gates no slope. d(expected cost) / dtheta_j = p_j (c_j - mean).
    hanna = make_objective("hanna", 0.9, alpha=2.0, beta=1.0, gamma=3.0, delta=1.0)
    stated = problem(hanna, estimator=estimator)
    made = bilevel(stated)
    theta = torch.tensor([[0.5, -1.0, 0.2], [0.0, 0.0, 1.5], [-0.3, 0.4, 0.0]])
    with torch.no_grad():
        made.net.theta.copy_(theta)
    logged = made.theta_step(*batch(stated), epoch=1)
    gradient = made.net.theta.grad
    cost = 2 * LATENCY_S + 3 * ENERGY_J
    for row, costs, slopes in zip(theta.tolist(), cost.tolist(), gradient.tolist(), strict=True):  # type: ignore[union-attr]
        weights = [math.exp(value) for value in row]
        p = [weight / sum(weights) for weight in weights]
        mean = sum(a * b for a, b in zip(p, costs, strict=True))
        assert slopes == pytest.approx([q * (c - mean) for q, c in zip(p, costs, strict=True)], abs=1e-7)
    expected_s = float((theta.softmax(dim=1) * LATENCY_S).sum()) + 0.5
    assert float(logged["latency_s"]) == pytest.approx(expected_s, rel=1e-6)
    assert float(logged["energy_j"]) == pytest.approx(10 * (expected_s - 0.5) + 3.0, rel=1e-6)


@pytest.mark.parametrize("count", [2, 4])
def test_contrast_follows_the_losses_of_the_paths_it_ran(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # CCEL has no cost: (1 - accuracy) times the mean loss. For K paths with losses L, p = 1/3 each,
    # dL/dtheta_lj = 1/K sum_k (L_k - mean of the others) ([path_k takes j at l] - 1/3).
    made = bilevel(problem(make_objective("ccel", 1.0), theta_paths=count))
    for module in made.net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)  # at first blocks add nothing, and paths do not differ
    images, labels = batch(made.problem)
    run, paths, losses, gradients = made.net.forward_path, [], [], []

    def spy(images: Tensor, path: Tensor, gates: Tensor | None = None) -> Tensor:
        logits = run(images, path, gates)
        paths.append(path.tolist())
        losses.append(float(F.cross_entropy(logits, labels)))
        gradients.append(torch.is_grad_enabled())
        return logits

    monkeypatch.setattr(made.net, "forward_path", spy)
    logged = made.theta_step(images, labels, epoch=1)
    assert len(paths) == count and not any(gradients)
    assert logged["cross_entropy"].item() == pytest.approx(sum(losses) / count)
    expected = torch.zeros(3, 3)
    for path, loss in zip(paths, losses, strict=True):
        ahead = loss - (sum(losses) - loss) / (count - 1)
        expected += ahead / count * (F.one_hot(torch.tensor(path), 3) - 1 / 3)
    assert expected.abs().max() > 1e-3
    expected *= 1 - float(logged["accuracy"])
    torch.testing.assert_close(made.net.theta.grad, expected, rtol=1e-4, atol=1e-6)


def test_the_temperature_falls_as_documented() -> None:
    made = bilevel(problem(temperature=5.0, temperature_decay=0.045))
    assert made.temperature(0) == 5.0
    assert made.temperature(10) == pytest.approx(5.0 * 0.6376281516, rel=1e-9)


@each_way
def test_logged_values_name_losses_and_costs(way: dict[str, Any]) -> None:
    stated = problem(make_objective("hanna", 0.9), layout=DROPOUT_LAYOUT, **way)
    made = bilevel(stated)
    of_weights = made.weight_step(*batch(stated), epoch=0, progress=0.0)
    of_theta = made.theta_step(*batch(stated), epoch=0)
    assert set(of_weights) == {"weight_cross_entropy", "weight_accuracy"}
    parts = {"loss", "classification_term", "latency_term", "energy_term"}
    assert set(of_theta) == {"cross_entropy", "accuracy", "latency_s", "energy_j"} | parts
    total = sum(float(of_theta[part]) for part in parts - {"loss"})
    assert float(of_theta["loss"]) == pytest.approx(total, rel=1e-6)


@each_way
def test_a_loss_that_is_not_finite_is_told_at_the_next_check(way: dict[str, Any]) -> None:
    made = bilevel(problem(**way))
    images, labels = batch(made.problem)
    made.watch.at("search, epoch 2, step 4")
    made.weight_step(images, labels, epoch=2, progress=0.0)
    made.watch.check()
    images[3] = math.nan
    for step in (5, 6):
        made.watch.at(f"search, epoch 2, step {step}")
        made.weight_step(images, labels, epoch=2, progress=0.0)
    with pytest.raises(NumericError, match=r"^search, epoch 2, step 5: the loss is nan\."):
        made.watch.check()
    made.watch.at("right there")
    made.theta_step(images, labels, epoch=2)
    with pytest.raises(NumericError, match=r"^right there: the loss is nan\."):
        made.watch.check()


class Reads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts how often the host reads a value of a tensor, which on a GPU waits for it."""

    count = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Any = (), options: dict[str, Any] | None = None
    ) -> Any:
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(options or {}))


def test_a_read_is_seen() -> None:
    with Reads() as reads:  # type: ignore[no-untyped-call]
        float(torch.ones(()) + 1)
    assert reads.count == 1


@each_way
@pytest.mark.parametrize("weight_loss", ["ce", "total"])
def test_a_weight_step_reads_no_value(way: dict[str, Any], weight_loss: str) -> None:
    made = bilevel(problem(weight_loss=weight_loss, **way))
    images, labels = batch(made.problem)
    with Reads() as reads:  # type: ignore[no-untyped-call]
        made.watch.at("here")
        made.weight_step(images, labels, epoch=0, progress=0.0)
    assert reads.count == 0


def test_batch_accuracy_is_the_share_that_is_right() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, -1.0], [0.5, 0.4]], requires_grad=True)
    found = batch_accuracy(logits, torch.tensor([0, 1, 1, 0]))
    assert found.item() == 0.75 and not found.requires_grad
