"""Survey and trainings put together."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.goals.cases import FakeBench, Truth, costs_of, every_path, knowledge, layout
from wattnas.goals.accuracy import with_shape
from wattnas.goals.inherited import logit, logit_variance
from wattnas.goals.model import Knowledge
from wattnas.goals.paths import draw_paths


def bench(seed: int = 0) -> FakeBench:
    return FakeBench(layout(), Truth.of(layout(), seed), seed)


def known(made: FakeBench, trained: int) -> Knowledge:
    return knowledge(made, costs_of(made.shapes), trained)


def test_sizes_do_not_depend_on_the_device() -> None:
    path = draw_paths(layout(), 1, 0)
    made = bench()
    looked = made.look(path[0])
    slow, fast = (
        knowledge(bench(), costs_of(made.shapes, seed), 4).features(path, [looked]) for seed in (1, 2)
    )
    assert slow.tolist() == fast.tolist()


def test_an_inherited_accuracy_lies_between_what_was_measured_and_what_the_survey_expects() -> None:
    made = bench()
    found = known(made, 4)
    paths = draw_paths(made.shapes, 20, 99)
    looked = [made.look(path) for path in paths]
    blended = found.features(paths, looked)[:, 0].tolist()
    expected = found.inherited.predict(found.shape.gates(paths)).tolist()
    for value, look, survey in zip(blended, looked, expected, strict=True):
        measured = logit(look.correct, look.n)
        low, high = sorted((measured, survey))
        assert low - 1e-9 <= value <= high + 1e-9
        # Weights by precision: the further from one, the nearer to the other.
        noise = logit_variance(look.correct, look.n)
        own = max(found.inherited.error**2 - noise, 0.2 * found.inherited.error**2)
        assert value == pytest.approx((measured * own + survey * noise) / (own + noise))


def test_the_interval_holds_what_trainings_then_reach() -> None:
    """After 8 trainings, 60 networks of each of 4 truths: at least 85 % inside the 95 % interval."""
    inside = total = 0
    for seed in range(4):
        made = bench(seed)
        found = known(made, 8)
        for path in draw_paths(made.shapes, 60, 1234 + seed):
            predicted = found.predict(path, made.look(path))
            reached = made.train(path).accuracy
            inside += predicted.low <= reached <= predicted.high
            total += 1
            assert predicted.known == found.trained and predicted.low < predicted.accuracy < predicted.high
    assert inside >= 0.85 * total


def test_it_ranks_networks_it_has_not_seen() -> None:
    """Kendall's tau over all architectures, against their true accuracies."""
    made = bench()
    found = known(made, 8)
    paths = every_path(made.shapes)[::41]
    mean, _ = found.accuracy.predict(
        with_shape(
            found.inherited.predict(found.shape.gates(paths)),
            1,
            found.shape.features(found.shape.gates(paths)),
        )
    )
    truth = made.truth.logits(paths)
    signs = (mean[:, None] - mean[None]).sign() * (truth[:, None] - truth[None]).sign()
    assert float(signs.sum()) / (len(paths) * (len(paths) - 1)) > 0.8


def test_more_validation_images_narrow_the_interval() -> None:
    made = bench()
    path = draw_paths(made.shapes, 1, 5)[0]
    found = known(made, 8)
    few = replace(found, images=50)
    wide, narrow = (k.predict(path, made.look(path)) for k in (few, found))
    assert wide.high - wide.low > narrow.high - narrow.low
    mean, sigma = (float(v) for v in found.accuracy.predict(found.features(path[None], [made.look(path)])))
    share = 1 / (1 + math.exp(-mean))
    spread = math.sqrt(sigma**2 + 1 / (50 * share * (1 - share)))
    assert wide.low == pytest.approx(1 / (1 + math.exp(1.959964 * spread - mean)), abs=1e-6)


def test_with_nothing_trained_it_says_so() -> None:
    made = bench()
    path = draw_paths(made.shapes, 1, 5)[0]
    predicted = known(made, 0).predict(path, made.look(path))
    assert predicted.known == 0 and predicted.high - predicted.low > 0.3
