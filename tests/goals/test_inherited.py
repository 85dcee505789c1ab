"""Inherited accuracy against an evaluation by hand, and what it must not depend on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.goals.training import shared
from tests.running import stage
from tests.train.problems import quadrants
from wattnas.data import ImageSet
from wattnas.goals import inherited as module
from wattnas.goals.inherited import Inherited, logit, logit_variance
from wattnas.goals.shared import train_shared
from wattnas.supernet import Supernet

PATHS = [torch.tensor(path) for path in ([0, 0, 0], [1, 1, 1], [2, 2, 2], [2, 0, 1], [0, 2, 2], [1, 0, 2])]
TRAINING = quadrants(64)


def hard(n: int, seed: int) -> ImageSet:
    """Quadrants under so much noise that some images are missed."""
    images, noise = quadrants(n, seed), torch.Generator().manual_seed(seed)
    pixels = images.images.float() * 0.35 + torch.randint(0, 160, images.images.shape, generator=noise)
    return ImageSet(pixels.clamp(0, 255).to(torch.uint8), images.labels)


HELD_OUT = hard(200, 9)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Supernet:
    """A supernet with dropout, in which blocks say more than they learned to; tests take copies."""
    path = tmp_path_factory.mktemp("supernet")
    found = train_shared(shared(TRAINING, dropout=0.2, epochs=3), stage(path, "supernet"))
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for norm in norms(found):
            norm.weight.add_(torch.randn(norm.weight.shape, generator=generator))
    return found


@pytest.fixture
def net(trained: Supernet) -> Supernet:
    return deepcopy(trained)


def norms(net: nn.Module) -> Iterator[nn.BatchNorm2d]:
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            yield part


def by_hand(net: Supernet, path: Tensor, training: ImageSet, held_out: ImageSet) -> int:
    """Each BatchNorm normalises by mean and variance of what the training images bring to it."""
    alone = deepcopy(net).eval()
    told: dict[nn.Module, tuple[Tensor, Tensor]] = {}
    is_measuring = [True]

    def normalise(norm: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> Tensor:
        assert isinstance(norm, nn.BatchNorm2d)
        x = inputs[0]
        if is_measuring[0]:
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=True)
            told[norm] = mean, variance
            variance = x.var((0, 2, 3), unbiased=False)
        else:
            mean, variance = told[norm]
        scaled = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + norm.eps).sqrt()
        return scaled * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)

    for norm in norms(alone):
        norm.register_forward_hook(normalise)
    with torch.no_grad():
        alone.forward_path(training.images.float() / 255, path)
        is_measuring[0] = False
        logits = alone.forward_path(held_out.images.float() / 255, path)
    return int((logits.argmax(1) == held_out.labels).sum())


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_it_is_the_accuracy_with_statistics_of_the_paths_own_images(net: Supernet, path: Tensor) -> None:
    expected = by_hand(net, path, TRAINING, HELD_OUT)
    assert Inherited(net, TRAINING, HELD_OUT).correct(path) == expected


def test_the_tests_images_tell_architectures_apart(net: Supernet) -> None:
    """Else the tests above and below would hold for any count."""
    counts = {by_hand(net, path, TRAINING, HELD_OUT) for path in PATHS}
    assert len(counts) >= 4 and min(counts) < max(counts) - 10 and max(counts) > 100


def test_the_supernets_own_statistics_would_give_other_counts(net: Supernet) -> None:
    measured = Inherited(deepcopy(net), TRAINING, HELD_OUT)
    with torch.no_grad():
        plain = [
            int(
                (net.eval().forward_path(HELD_OUT.images.float() / 255, p).argmax(1) == HELD_OUT.labels).sum()
            )
            for p in PATHS
        ]
    assert plain != [measured.correct(path) for path in PATHS]


def test_neither_order_nor_repetition_matters(net: Supernet) -> None:
    measured = Inherited(net, TRAINING, HELD_OUT)
    first = [measured.correct(path) for path in PATHS]
    again = [measured.correct(path) for path in reversed(PATHS)]
    assert again == first[::-1]


def test_the_size_of_a_batch_does_not_matter(net: Supernet) -> None:
    whole = Inherited(deepcopy(net), TRAINING, HELD_OUT)
    parts = Inherited(net, TRAINING, HELD_OUT, batch=7)
    assert [whole.correct(path) for path in PATHS] == [parts.correct(path) for path in PATHS]


def test_statistics_are_of_the_first_images_alone(net: Supernet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATISTICS_IMAGES", 24)
    few = TRAINING.subset(torch.arange(24))
    counts = [by_hand(net, path, few, HELD_OUT) for path in PATHS]
    assert [Inherited(deepcopy(net), TRAINING, HELD_OUT).correct(path) for path in PATHS] == counts


def test_weights_stay_as_they_are(net: Supernet) -> None:
    before = [parameter.clone() for parameter in net.parameters()]
    measured = Inherited(net, TRAINING, HELD_OUT)
    for path in product(range(3), repeat=3):
        measured.correct(torch.tensor(path))
    assert all(torch.equal(one, other) for one, other in zip(before, net.parameters(), strict=True))
    assert measured.images == 200


@given(n=st.integers(1, 10**6), data=st.data())
def test_log_odds_are_finite_and_mirror_right_and_wrong(n: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, n))
    assert math.isfinite(logit(correct, n))
    assert logit(correct, n) == pytest.approx(-logit(n - correct, n))
    assert logit_variance(correct, n) == pytest.approx(logit_variance(n - correct, n))


def test_log_odds_by_hand() -> None:
    assert logit(0, 10) == pytest.approx(math.log(0.5 / 10.5))
    assert logit(7, 10) == pytest.approx(math.log(7.5 / 3.5))
    assert logit_variance(7, 10) == pytest.approx(1 / 7.5 + 1 / 3.5)


@pytest.mark.parametrize(("share", "n"), [(0.5, 200), (0.8, 500), (0.35, 1000)])
def test_the_variance_is_that_of_counts(share: float, n: int) -> None:
    """4,000 draws: the variance of their log-odds is known to about 2 %."""
    counts = np.random.default_rng(0).binomial(n, share, 4000)
    values = np.array([logit(int(count), n) for count in counts])
    assert logit_variance(round(share * n), n) == pytest.approx(values.var(), rel=0.1)
    assert values.mean() == pytest.approx(math.log(share / (1 - share)), abs=0.02)
