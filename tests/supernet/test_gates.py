"""Gates against closed forms, torch's own Gumbel-softmax, and an expectation that can be enumerated."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from wattnas.supernet import (
    contrast,
    entropy,
    expected_cost,
    gumbel_noise,
    mixture_gates,
    sample_path,
    sample_two,
    straight_through,
    two_path_gates,
)
from wattnas.supernet.gates import log_probability

EULER = 0.5772156649
THETA = [[0.4, -0.3, 1.1], [-0.8, 0.2, 0.0]]


def theta(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(THETA, dtype=dtype, requires_grad=True)


def softmax(row: list[float], temperature: float = 1.0) -> list[float]:
    powers = [math.exp(value / temperature) for value in row]
    return [power / sum(powers) for power in powers]


def test_noise_follows_the_gumbel_distribution() -> None:
    torch.manual_seed(1)
    n = 200_000
    noise = gumbel_noise(torch.empty(n, dtype=torch.float64)).sort().values
    # Standard deviation of the mean: pi / sqrt(6 n) = 0.0029.
    assert float(noise.mean()) == pytest.approx(EULER, abs=0.012)
    assert float(noise.var()) == pytest.approx(math.pi**2 / 6, rel=0.02)
    cdf = (-(-noise).exp()).exp()
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    distance = torch.maximum((cdf - steps[:-1]).abs(), (cdf - steps[1:]).abs()).max()
    assert float(distance) * math.sqrt(n) < 1.95  # Kolmogorov's distribution, 0.1 %


def test_noise_has_the_shape_and_type_asked_for() -> None:
    for dtype in (torch.float32, torch.float64):
        noise = gumbel_noise(torch.empty(4, 7, dtype=dtype))
        assert noise.shape == (4, 7) and noise.dtype == dtype
        assert not noise.requires_grad


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_mixture_gates_are_torchs_gumbel_softmax_for_the_same_noise(temperature: float) -> None:
    logits = theta()
    torch.manual_seed(3)
    expected = F.gumbel_softmax(logits, tau=temperature)
    torch.manual_seed(3)
    found = mixture_gates(logits, temperature, gumbel_noise(logits))
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=0)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(2, dtype=torch.float64))
    assert (found > 0).all()


def test_a_lower_temperature_makes_gates_harder() -> None:
    logits = torch.tensor(THETA)
    noise = gumbel_noise(logits)
    largest = [float(mixture_gates(logits, t, noise).max(dim=1).values.min()) for t in (5.0, 1.0, 0.02)]
    assert largest == sorted(largest)
    assert largest[-1] > 0.5


def test_paths_are_drawn_with_the_probabilities_of_softmax() -> None:
    torch.manual_seed(5)
    row, n = [0.7, -1.2, 0.0, 1.5, 0.3], 40_000
    rows = torch.tensor([row]).expand(n, -1)
    counts = torch.bincount(sample_path(rows, gumbel_noise(rows)), minlength=5).tolist()
    expected = [n * p for p in softmax(row)]
    chi_square = sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
    assert chi_square < 18.47  # 4 degrees of freedom, 0.1 %


def test_a_path_names_one_candidate_per_layer() -> None:
    path = sample_path(theta(), torch.tensor([[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]))
    assert path.tolist() == [1, 2] and path.dtype == torch.int64


@pytest.mark.parametrize("estimator", ["score", "gdas"])
def test_straight_through_gates_are_exactly_one(estimator: str) -> None:
    torch.manual_seed(7)
    for _ in range(50):
        logits = torch.randn(22, 9) * 3
        noise = gumbel_noise(logits)
        gates = straight_through(logits, sample_path(logits, noise), noise, 0.7, estimator)  # type: ignore[arg-type]
        assert torch.equal(gates, torch.ones(22))


SLOPES = (1.7, -0.6)
PATH = (2, 1)


def test_the_score_gradient_is_that_of_the_log_probability() -> None:
    logits = theta()
    noise = gumbel_noise(logits)
    gates = straight_through(logits, torch.tensor(PATH), noise, 4.0, "score")
    (gates * torch.tensor(SLOPES)).sum().backward()  # type: ignore[no-untyped-call]
    expected = [
        [s * ((j == i) - p) for j, p in enumerate(softmax(row))]
        for s, i, row in zip(SLOPES, PATH, THETA, strict=True)
    ]
    torch.testing.assert_close(logits.grad, torch.tensor(expected, dtype=torch.float64))


def test_the_gdas_gradient_is_that_of_the_soft_gate() -> None:
    logits, temperature = theta(), 1.8
    noise = torch.tensor([[0.3, -0.5, 0.9], [1.4, 2.0, -0.1]], dtype=torch.float64)
    gates = straight_through(logits, torch.tensor(PATH), noise, temperature, "gdas")
    (gates * torch.tensor(SLOPES)).sum().backward()  # type: ignore[no-untyped-call]
    expected = []
    for s, i, row, extra in zip(SLOPES, PATH, THETA, noise.tolist(), strict=True):
        soft = softmax([a + b for a, b in zip(row, extra, strict=True)], temperature)
        expected.append([s * soft[i] * ((j == i) - p) / temperature for j, p in enumerate(soft)])
    torch.testing.assert_close(logits.grad, torch.tensor(expected, dtype=torch.float64))


def test_two_candidates_are_drawn_without_putting_back() -> None:
    torch.manual_seed(5)
    row, n = [0.7, -1.2, 0.0], 40_000
    rows = torch.tensor([row]).expand(n, -1)
    pairs = sample_two(rows, gumbel_noise(rows))
    p = softmax(row)
    for first, second in product(range(3), repeat=2):
        share = float((pairs == torch.tensor([first, second])).all(dim=1).float().mean())
        expected = 0.0 if first == second else p[first] * p[second] / (1 - p[first])
        assert share == pytest.approx(expected, abs=4 * math.sqrt(0.25 / n))


def test_two_path_gates_are_one_and_zero_with_the_gradient_of_equation_4() -> None:
    logits, pair = theta(), torch.tensor([[2, 0], [1, 2]])
    noise = torch.tensor([[0.0, 9.0], [9.0, 0.0]], dtype=torch.float64)
    gates = two_path_gates(logits, pair, noise)
    assert gates.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    slopes = [[1.7, -0.6], [0.3, 2.0]]
    (gates * torch.tensor(slopes)).sum().backward()  # type: ignore[no-untyped-call]
    expected = torch.zeros(2, 3, dtype=torch.float64)
    for layer, (of_gates, chosen) in enumerate(zip(slopes, pair.tolist(), strict=True)):
        q = softmax([THETA[layer][index] for index in chosen])
        for i, index in enumerate(chosen):
            expected[layer, index] = sum(of_gates[j] * q[j] * ((i == j) - q[i]) for j in range(2))
    torch.testing.assert_close(logits.grad, expected)
    torch.testing.assert_close(expected.sum(dim=1), torch.zeros(2, dtype=torch.float64))


def test_the_active_one_of_a_pair_is_drawn_by_its_share() -> None:
    torch.manual_seed(6)
    n = 20_000
    rows, pair = torch.tensor([[0.4, -0.3, 1.1]]).expand(n, -1), torch.tensor([[0, 2]]).expand(n, -1)
    gates = two_path_gates(rows, pair, gumbel_noise(rows[:, :2]))
    assert float(gates[:, 0].mean()) == pytest.approx(softmax([0.4, 1.1])[0], abs=0.015)


def test_the_log_probability_of_a_path_is_the_sum_over_its_layers() -> None:
    expected = math.log(softmax(THETA[0])[2]) + math.log(softmax(THETA[1])[1])
    assert log_probability(theta(), torch.tensor(PATH)).item() == pytest.approx(expected, rel=1e-12)
    every = [log_probability(theta(), torch.tensor(path)).exp() for path in product(range(3), repeat=2)]
    assert torch.stack(every).sum().item() == pytest.approx(1.0, rel=1e-12)


def enumerated_gradient(table: Tensor) -> Tensor:
    """Gradient in theta of sum over paths of p(path) loss(path), by autograd over all nine paths."""
    logits = theta()
    p = logits.softmax(dim=1)
    loss = torch.stack([p[0, i] * p[1, j] * table[i, j] for i, j in product(range(3), repeat=2)]).sum()
    (gradient,) = torch.autograd.grad(loss, [logits])
    return gradient


@pytest.mark.parametrize("count", [2, 5])
def test_contrast_is_unbiased(count: int) -> None:
    torch.manual_seed(11)
    table = torch.rand(3, 3, dtype=torch.float64) * 2 + 3  # a large part that all paths share
    n, gradients = 6000 // count, []
    for _ in range(n):
        logits = theta()
        paths = [sample_path(logits, gumbel_noise(logits.detach())) for _ in range(count)]
        losses = torch.stack([table[tuple(path)] for path in paths])
        found = contrast(logits, paths, losses)
        assert found.item() == pytest.approx(losses.mean().item(), rel=1e-15)
        gradients.append(torch.autograd.grad(found, [logits])[0])
    stacked, exact = torch.stack(gradients), enumerated_gradient(table)
    error = stacked.std(dim=0) / math.sqrt(n)
    assert ((stacked.mean(dim=0) - exact).abs() < 4 * error).all()
    assert float(exact.abs().max()) > 5 * float(error.max())  # noise would not pass for it


def test_contrast_is_exactly_the_mean_loss_in_value() -> None:
    torch.manual_seed(13)
    for _ in range(50):
        logits = torch.randn(22, 9, requires_grad=True)
        paths = [sample_path(logits, gumbel_noise(logits.detach())) for _ in range(3)]
        losses = torch.rand(3) * 4
        assert torch.equal(contrast(logits, paths, losses), losses.mean())


def test_two_paths_are_weighed_by_half_their_difference() -> None:
    # (L1 - L2) / 2 * (d log p1 - d log p2); the -p_j of both layers cancel, so only indicators are left.
    logits = theta()
    contrast(logits, [torch.tensor([2, 1]), torch.tensor([0, 1])], torch.tensor([1.0, 4.0])).backward()  # type: ignore[no-untyped-call]
    expected = torch.tensor([[1.5, 0.0, -1.5], [0.0, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(logits.grad, expected)


def test_paths_that_agree_teach_nothing() -> None:
    logits = theta()
    same = [torch.tensor(PATH)] * 3
    contrast(logits, same, torch.tensor([2.0, 2.0, 2.0])).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None and not logits.grad.any()
    # Dropout may tell equal paths apart: that is noise, and cancels as well.
    logits = theta()
    contrast(logits, same, torch.tensor([1.0, 2.0, 6.0])).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(logits.grad, torch.zeros(2, 3, dtype=torch.float64))


def test_losses_are_constants() -> None:
    losses = torch.tensor([1.0, 2.0], requires_grad=True)
    found = contrast(theta(), [torch.tensor([0, 0]), torch.tensor([1, 1])], losses)
    found.backward()  # type: ignore[no-untyped-call]
    assert losses.grad is None


def test_expected_cost_is_the_sum_of_gate_times_cost() -> None:
    gates = torch.tensor([[0.25, 0.75], [1.0, 0.0]], requires_grad=True)
    cost = torch.tensor([[8.0, 4.0], [3.0, 100.0]])
    found = expected_cost(gates, cost)
    assert found.item() == 0.25 * 8 + 0.75 * 4 + 3
    found.backward()  # type: ignore[no-untyped-call]
    assert gates.grad is not None and torch.equal(gates.grad, cost)


def test_entropy_runs_from_log_candidates_to_nothing() -> None:
    assert float(entropy(torch.zeros(4, 9))) == pytest.approx(math.log(9), rel=1e-6)
    assert float(entropy(torch.tensor([[50.0, 0.0, 0.0]]))) == pytest.approx(0.0, abs=1e-12)
    # Rows of 1/4, 3/4 and of 1/2, 1/2: means of 0.56234 and 0.69315 nats.
    found = float(entropy(torch.tensor([[0.0, math.log(3)], [1.0, 1.0]])))
    assert found == pytest.approx((0.5623351446 + 0.6931471806) / 2, rel=1e-6)
