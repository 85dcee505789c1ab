"""The Gaussian process against scikit-learn's, the textbook, and functions drawn from its prior."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, PairwiseKernel
from torch import Generator, Tensor

from wattnas.goals import accuracy as module
from wattnas.goals.accuracy import FEATURES, AccuracyModel, Known, no_networks

CENTER = torch.tensor([-0.8, 0.0, 6.2, 4.9, 0.3, 0.5, 4.0], dtype=torch.float64)
SCALE = torch.tensor([0.4, 1.0, 0.5, 0.2, 0.15, 0.25, 0.7], dtype=torch.float64)
SLOPES, SLOPE_SDS = module._SLOPES.numpy(), module._SLOPE_SDS.numpy()


def drawn(count: int, seed: int = 0) -> Tensor:
    """(count, 7): features around the usual ones."""
    noise = torch.randn(count, 7, generator=Generator().manual_seed(seed), dtype=torch.float64)
    return CENTER + SCALE * noise


def known(count: int, seed: int = 0) -> Known:
    generator = Generator().manual_seed(seed + 1000)
    features = drawn(count, seed)
    values = features[:, 0] + 1.2 + 0.3 * torch.randn(count, generator=generator, dtype=torch.float64)
    return Known(features, values, 0.001 + 0.02 * torch.rand(count, generator=generator, dtype=torch.float64))


def unit() -> np.ndarray:
    """What a slope is per: the inherited log-odds and doublings of the epochs keep their unit, sizes count in
    standard deviations."""
    return np.array([1.0, 1.0, *SCALE.numpy()[2:]])


def mean_by_hand(features: Tensor) -> np.ndarray:
    """The line that is expected before anything is known."""
    centred = (features.numpy() - CENTER.numpy()) / unit()
    return np.asarray(CENTER[0].item() + module._GAIN + centred @ SLOPES)


def covariance(amplitude: float, length: float) -> Callable[[np.ndarray, np.ndarray], float]:
    """Of two architectures, in loops: a line with slopes that are not known, and a smooth deviation."""

    def between(one: np.ndarray, other: np.ndarray) -> float:
        total = module._GAIN_SD**2
        distance = 0.0
        for place in range(7):
            center, sd = CENTER[place].item(), SLOPE_SDS[place]
            total += sd**2 * (one[place] - center) * (other[place] - center) / unit()[place] ** 2
            distance += (one[place] - other[place]) ** 2 / SCALE[place].item() ** 2
        return float(total + amplitude**2 * math.exp(-distance / (2 * length**2)))

    return between


def by_the_book(
    data: Known, wanted: Tensor, amplitude: float, length: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rasmussen and Williams, equations 2.25 and 2.26, and what a training differs by on top."""
    between = covariance(amplitude, length)
    x, new = data.features.numpy(), wanted.numpy()
    own = np.array([[between(a, b) for b in x] for a in x]) + np.diag(data.variances.numpy() + noise**2)
    cross = np.array([[between(a, b) for b in x] for a in new])
    inverse = np.linalg.inv(own)
    mean = mean_by_hand(wanted) + cross @ inverse @ (data.values.numpy() - mean_by_hand(data.features))
    prior = np.array([between(a, a) for a in new])
    variance = prior - np.einsum("ij,jk,ik->i", cross, inverse, cross) + noise**2
    return mean, np.sqrt(variance)


def test_what_the_work_of_a_layer_brings_is_learned_for_itself() -> None:
    """Three layers beside the named features: a slope for each, that nothing but its prior ties to 0."""
    work = torch.randn(15, 3, generator=Generator().manual_seed(5), dtype=torch.float64)
    center = torch.cat([CENTER, torch.zeros(3, dtype=torch.float64)])
    scale = torch.cat([SCALE, torch.full((3,), 7.0, dtype=torch.float64)])
    plain, named = known(9), drawn(6, seed=7)
    data = Known(torch.cat([plain.features, work[:9]], dim=1), plain.values, plain.variances)
    wanted = torch.cat([named, work[9:]], dim=1)
    model = AccuracyModel(center, scale, data)
    mean, sigma = model.predict(wanted)
    between = covariance(model.amplitude, model.length)
    every = np.concatenate([plain.features.numpy(), named.numpy()])
    whole = np.array([[between(a, b) for b in every] for a in every])
    whole += module._LAYER_SD**2 * (work @ work.t()).numpy()
    own = whole[:9, :9] + np.diag(plain.variances.numpy() + model.noise**2)
    gain = whole[9:, :9] @ np.linalg.inv(own)
    expected = mean_by_hand(named) + gain @ (plain.values.numpy() - mean_by_hand(plain.features))
    spread = np.sqrt(np.diag(whole[9:, 9:] - gain @ whole[:9, 9:]) + model.noise**2)
    assert mean.numpy() == pytest.approx(expected, rel=1e-8)
    assert sigma.numpy() == pytest.approx(spread, rel=1e-6)
    assert (mean - AccuracyModel(CENTER, SCALE, plain).predict(named)[0]).abs().max() > 1e-3


def process(data: Known, amplitude: float, length: float, noise: float) -> GaussianProcessRegressor:
    """The same in scikit-learn, fitted to what the line leaves."""
    sds, center, per = SLOPE_SDS, CENTER.numpy(), unit()

    def line(a: np.ndarray, b: np.ndarray, gamma: float) -> float:
        return float(module._GAIN_SD**2 + np.sum(sds**2 * (a - center) * (b - center) / per**2))

    kernel = PairwiseKernel(metric=line) + ConstantKernel(amplitude**2) * RBF(length * SCALE.numpy())
    found = GaussianProcessRegressor(kernel, alpha=data.variances.numpy() + noise**2, optimizer=None)
    return found.fit(data.features.numpy(), data.values.numpy() - mean_by_hand(data.features))


@pytest.mark.parametrize("count", [1, 3, 4, 9, 20])
def test_the_prediction_is_that_of_the_textbook(count: int) -> None:
    data, wanted = known(count), drawn(6, seed=7)
    model = AccuracyModel(CENTER, SCALE, data)
    mean, sigma = model.predict(wanted)
    expected, spread = by_the_book(data, wanted, model.amplitude, model.length, model.noise)
    assert mean.numpy() == pytest.approx(expected, rel=1e-8)
    assert sigma.numpy() == pytest.approx(spread, rel=1e-6)


def test_the_prediction_is_that_of_scikit_learn() -> None:
    """Its deviation leaves the noise of a training out."""
    data, wanted = known(10), drawn(6, seed=7)
    model = AccuracyModel(CENTER, SCALE, data)
    mean, sigma = model.predict(wanted)
    other = process(data, model.amplitude, model.length, model.noise)
    expected, spread = other.predict(wanted.numpy(), return_std=True)
    assert mean.numpy() == pytest.approx(expected + mean_by_hand(wanted), rel=1e-8)
    assert sigma.numpy() == pytest.approx(np.sqrt(spread**2 + model.noise**2), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_amplitude_length_and_noise_are_those_of_most_evidence(seed: int) -> None:
    """By the marginal likelihood that scikit-learn gives."""
    data = known(8, seed)
    model = AccuracyModel(CENTER, SCALE, data)
    choices = list(product(module._AMPLITUDES, module._LENGTHS, module._NOISES))
    evidence = {choice: process(data, *choice).log_marginal_likelihood_value_ for choice in choices}
    found = evidence[model.amplitude, model.length, model.noise]
    assert found == pytest.approx(max(evidence.values()), abs=1e-9)
    assert found - min(evidence.values()) > 0.1


def test_few_networks_leave_amplitude_length_and_noise_as_they_are() -> None:
    model = AccuracyModel(CENTER, SCALE, known(module._ENOUGH - 1))
    assert (model.amplitude, model.length, model.noise) == module._DEFAULT


def test_with_nothing_known_it_is_the_prior() -> None:
    """At the usual architecture only the gain is unknown; one unit off, a slope is as well."""
    model = AccuracyModel(CENTER, SCALE, no_networks(0))
    amplitude, _, noise = module._DEFAULT
    off = CENTER.clone()
    off[0] += 1.0
    mean, sigma = model.predict(torch.stack([CENTER, off]))
    level = CENTER[0].item() + module._GAIN
    assert mean.tolist() == pytest.approx([level, level + SLOPES[0]])
    plain = module._GAIN_SD**2 + amplitude**2 + noise**2
    assert sigma.tolist() == pytest.approx([plain**0.5, (plain + SLOPE_SDS[0] ** 2) ** 0.5])


def test_the_order_of_the_networks_does_not_matter() -> None:
    data, wanted = known(9), drawn(5, seed=3)
    turned = Known(data.features.flip(0), data.values.flip(0), data.variances.flip(0))
    first, second = (AccuracyModel(CENTER, SCALE, d).predict(wanted) for d in (data, turned))
    for one, other in zip(first, second, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), rel=1e-9)


def test_the_interval_narrows_where_a_network_was_trained() -> None:
    data = known(3)
    before = AccuracyModel(CENTER, SCALE, no_networks(0)).predict(data.features)[1]
    after = AccuracyModel(CENTER, SCALE, data).predict(data.features)[1]
    assert bool((after < before / 3).all())
    far = CENTER + 30 * SCALE
    assert float(AccuracyModel(CENTER, SCALE, data).predict(far[None])[1]) > float(after.max()) * 3


def test_a_network_measured_on_few_images_says_less() -> None:
    data = known(2)
    sure, unsure = (
        AccuracyModel(CENTER, SCALE, Known(data.features, data.values, torch.full_like(data.values, v)))
        for v in (1e-4, 1.0)
    )
    gaps = [(m.predict(data.features)[0] - data.values).abs().max().item() for m in (sure, unsure)]
    assert gaps[0] < 0.3 * gaps[1]


def test_the_gradient_is_that_of_finite_differences() -> None:
    model = AccuracyModel(CENTER, SCALE, known(8))
    wanted = drawn(3, seed=9).requires_grad_(True)
    assert torch.autograd.gradcheck(model.predict, (wanted,))


def test_a_feature_that_never_varies_does_no_harm() -> None:
    scale = SCALE.clone()
    scale[4] = 0.0
    data = known(7)
    same = data.features.clone()
    same[:, 4] = CENTER[4]
    mean, sigma = AccuracyModel(CENTER, scale, Known(same, data.values, data.variances)).predict(same)
    assert bool(mean.isfinite().all()) and bool(sigma.isfinite().all())
    assert float((mean - data.values).abs().max()) < 1.0


@pytest.mark.parametrize("count", [2, 4])
def test_intervals_hold_what_they_say_for_functions_of_the_prior(count: int) -> None:
    """600 functions drawn with the deviation, the slopes and the noise that the model starts from."""
    amplitude, length, noise = module._DEFAULT
    rng, inside, trials = np.random.default_rng(count), 0, 600
    for trial in range(trials):
        features = drawn(count + 1, seed=trial)
        between = covariance(amplitude, length)
        x = features.numpy()
        own = np.array([[between(a, b) for b in x] for a in x])
        truth = mean_by_hand(features) + np.linalg.cholesky(own + 1e-10 * np.eye(count + 1)) @ rng.normal(
            size=count + 1
        )
        reached = torch.from_numpy(truth + noise * rng.normal(size=count + 1))
        images = torch.full((count,), 0.01, dtype=torch.float64)
        seen = reached[:count] + 0.1 * torch.from_numpy(rng.normal(size=count))
        mean, sigma = AccuracyModel(CENTER, SCALE, Known(features[:count], seen, images)).predict(
            features[count:]
        )
        inside += abs(float(reached[count]) - float(mean)) < 1.959964 * float(sigma)
    # 95 % of 600, within 4 standard deviations of that count.
    assert abs(inside - 0.95 * trials) < 4 * (trials * 0.95 * 0.05) ** 0.5


def test_intervals_hold_most_of_a_curve_that_is_none_of_the_prior() -> None:
    """Final accuracies that level off: 12 networks known, 20 not, 30 seeds; at least 88 % inside."""
    inside = total = 0
    for seed in range(30):
        features = drawn(32, seed)
        generator = Generator().manual_seed(seed)
        steep = 2.0 * torch.tanh(0.8 * (features[:, 0] + 0.4)) + 0.15 * (features[:, 2] - 6.2) + 0.9
        reached = steep + 0.06 * torch.randn(32, generator=generator, dtype=torch.float64)
        data = Known(features[:12], reached[:12], torch.full((12,), 1e-3, dtype=torch.float64))
        mean, sigma = AccuracyModel(CENTER, SCALE, data).predict(features[12:])
        inside += int(((reached[12:] - mean).abs() < 1.959964 * sigma).sum())
        total += 20
    assert inside >= 0.88 * total


def test_there_are_as_many_features_as_slopes() -> None:
    assert len(FEATURES) == len(SLOPES) == len(SLOPE_SDS) == no_networks(0).features.shape[1]
