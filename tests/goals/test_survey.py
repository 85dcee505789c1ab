"""What a survey says of architectures it did not see."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Generator, Tensor

from tests.goals.cases import FakeBench, Truth, costs_of, every_path, layout
from wattnas.device import load_profile, network_costs
from wattnas.goals import survey as module
from wattnas.goals.model import shape_of
from wattnas.goals.paths import architecture_of, draw_paths, path_of
from wattnas.goals.survey import InheritedModel, Shape, Surveyed, SurveyFile, surveyed_tensors
from wattnas.space import Layout, count_layout, load_space
from wattnas.zoo import published_architecture


def shape() -> Shape:
    return shape_of(layout(), costs_of(layout()))


def additive(paths: Tensor, noise: float = 0.0, seed: int = 0) -> Tensor:
    """Log-odds that every cell adds its own part to."""
    generator = Generator().manual_seed(77)
    cells = 0.3 * torch.randn(6, 4, generator=generator, dtype=torch.float64)
    shaken = torch.randn(len(paths), generator=Generator().manual_seed(seed), dtype=torch.float64)
    return -0.4 + cells.gather(1, paths.t()).sum(0) + noise * shaken


def test_sizes_are_those_that_are_counted_for_a_whole_network() -> None:
    shapes, found = layout(), shape()
    paths = draw_paths(shapes, 30, 0)
    sizes = found.sizes(found.gates(paths))
    for path, (macs, params, blocks, reach) in zip(paths, sizes.tolist(), strict=True):
        total = count_layout(shapes, architecture_of(path, shapes))
        assert (10**macs, 10**params) == pytest.approx((total.macs, total.params), rel=1e-9)
        assert blocks == pytest.approx(sum(column != 3 for column in path.tolist()) / 6)
        assert 2**reach == pytest.approx(field_by_hand(path))


def test_work_counts_blocks_and_those_that_change_width_or_size() -> None:
    shapes, found = layout(), shape()
    paths = draw_paths(shapes, 30, 0)
    counted = found.features(found.gates(paths)).tolist()
    assert any(not layer.is_residual for layer in shapes.layers)
    for path, (work, changes, thin, blocks, reach, *layers) in zip(paths, counted, strict=True):
        macs, least = [], []
        for place in range(len(shapes.layers)):
            offered = [float(costs_of(shapes).tables["macs"][place, column]) for column in range(3)]
            column = int(path[place])
            macs.append(offered[column] if column != 3 else 0.0)
            least.append(min(offered))
        assert work == pytest.approx(math.log2(1 + sum(macs) / min(least)))
        by_layer = [math.log2(1 + mac / low) for mac, low in zip(macs, least, strict=True)]
        changing = [w for w, layer in zip(by_layer, shapes.layers, strict=True) if not layer.is_residual]
        assert changes == pytest.approx(sum(changing))
        assert layers == pytest.approx(by_layer)
        shares = [low / mac for mac, low in zip(macs, least, strict=True) if mac]
        assert thin == pytest.approx(sum(shares) / len(shapes.layers))
        assert [blocks, reach] == found.sizes(found.gates(path[None]))[0, 2:].tolist()


def field_by_hand(path: Tensor) -> float:
    """Side of the receptive field, at most the image's: from the last layer back to the image."""
    shapes = layout()
    side = 1
    for layer, candidate in reversed(
        list(zip(shapes.layers, architecture_of(path, shapes).candidates, strict=True))
    ):
        kernel = 1 if candidate.is_skip else candidate.kernel
        side = (side - 1) * layer.stride + kernel
    stem = shapes.space.stem
    return float(min((side - 1) * stem.stride + stem.kernel, shapes.size))


def test_the_reach_of_published_networks() -> None:
    """S1-L35 has one block, k5 behind two strides of 2: 3 pixels of the stem and 4 steps of 4."""
    shapes = Layout.resolve(load_space("cifar"), 10)
    whole = shape_of(shapes, network_costs(load_profile("ozawa-2021"), shapes))
    paths = torch.stack(
        [path_of(published_architecture(name)[0].operations, shapes) for name in ("S1-L35", "S1-L100")]
    )
    reach = whole.sizes(whole.gates(paths))[:, 3]
    assert reach.tolist() == pytest.approx([math.log2(19), math.log2(32)])


def by_hand(paths: Tensor) -> NDArray[np.float64]:
    """Standardised sizes, then one column per cell, centred; in loops."""
    shapes, rows = layout(), []
    for path in paths:
        total = count_layout(shapes, architecture_of(path, shapes))
        counted = [np.log10(total.macs), np.log10(total.params), float((path != 3).double().mean())]
        counted.append(np.log2(field_by_hand(path)))
        rows.append((counted, [float(path[layer] == column) for layer in range(6) for column in range(4)]))
    sizes = np.array([row[0] for row in rows])
    cells = np.array([row[1] for row in rows])
    return np.hstack([(sizes - sizes.mean(0)) / sizes.std(0, ddof=1), cells - cells.mean(0)])


@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_the_error_is_that_of_leaving_each_one_out_and_fitting_anew(noise: float) -> None:
    """Of all ridges the one with the least; the more noise, the more it shrinks."""
    paths = draw_paths(layout(), 48, 1)
    values = additive(paths, noise)
    model = InheritedModel(shape(), paths, values)
    x, y = by_hand(paths), values.numpy() - values.numpy().mean()
    errors = {}
    for ridge in module._RIDGES:
        penalty = np.diag([0.1] * 4 + [ridge] * 24)
        missed = []
        for out in range(len(x)):
            rest = np.arange(len(x)) != out
            weights = np.linalg.solve(x[rest].T @ x[rest] + penalty, x[rest].T @ y[rest])
            missed.append(y[out] - x[out] @ weights)
        errors[ridge] = float(np.sqrt(np.mean(np.square(missed))))
    assert model.ridge == min(errors, key=lambda ridge: errors[ridge])
    assert model.error == pytest.approx(errors[model.ridge], rel=1e-6)


def test_more_noise_shrinks_more() -> None:
    paths = draw_paths(layout(), 64, 1)
    ridges = [InheritedModel(shape(), paths, additive(paths, noise)).ridge for noise in (0.0, 3.0)]
    assert ridges[0] < ridges[1]


def test_a_sum_of_cells_is_found_again_in_architectures_that_were_not_surveyed() -> None:
    paths = draw_paths(layout(), 96, 2)
    model = InheritedModel(shape(), paths, additive(paths))
    unseen = every_path(layout())
    found = model.predict(model.shape.gates(unseen))
    truth = additive(unseen)
    assert float((found - truth).abs().max()) < 0.05 * float(truth.std())


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_its_deviation_is_as_large_as_it_says(noise: float) -> None:
    """On all architectures, measured with the same noise: 90 to 99 % within 1.96 deviations."""
    paths, unseen = draw_paths(layout(), 96, 3), every_path(layout())
    model = InheritedModel(shape(), paths, additive(paths, noise))
    gates = model.shape.gates(unseen)
    missed = (model.predict(gates) - additive(unseen, noise, seed=1)).abs()
    inside = float((missed < 1.96 * model.sigma(gates)).double().mean())
    assert 0.90 < inside < 0.99


def test_sizes_carry_over_where_cells_were_never_seen() -> None:
    """A survey without the largest candidate still says that larger is better."""
    shapes = layout()
    truth = Truth.of(shapes, curve=0.0)
    paths = draw_paths(shapes, 120, 4)
    paths = torch.where(paths == 2, 0, paths)
    model = InheritedModel(shape(), paths, truth.logits(paths))
    whole = torch.tensor([[2] * 6, [0] * 6])
    large, small = model.predict(model.shape.gates(whole)).tolist()
    assert large > small


def test_prediction_and_gates_are_differentiable() -> None:
    paths = draw_paths(layout(), 40, 0)
    model = InheritedModel(shape(), paths, additive(paths, 0.1))
    gates = torch.rand(2, 6, 4, generator=Generator().manual_seed(0), dtype=torch.float64).softmax(-1)
    assert torch.autograd.gradcheck(model.predict, (gates.requires_grad_(True),))


def test_a_survey_becomes_paths_and_log_odds() -> None:
    """1 of 3 right: 1.5 against 2.5, half an image added to both."""
    names = ("skip", "k3_e6", "k3_e1", "k5_e3", "skip", "k3_e1")
    paths, values = surveyed_tensors([Surveyed(operations=names, correct=1, n=3)], layout())
    assert paths.tolist() == [[3, 2, 0, 1, 3, 0]]
    assert values.tolist() == pytest.approx([np.log(1.5 / 2.5)])


def test_a_bench_of_tests_ranks_as_its_truth() -> None:
    """The survey that the other tests of this folder begin with."""
    bench = FakeBench(layout(), Truth.of(layout()))
    paths, values = surveyed_tensors(bench.survey(), bench.shapes)
    model = InheritedModel(shape(), paths, values)
    unseen = every_path(layout())
    found = torch.stack([model.predict(model.shape.gates(unseen)), bench.truth.logits(unseen)])
    assert float(torch.corrcoef(found)[0, 1]) > 0.95


records = st.builds(
    lambda operations, correct, wrong: Surveyed(
        operations=tuple(operations), correct=correct, n=correct + wrong
    ),
    st.lists(st.text(max_size=4), max_size=4),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)


@given(st.lists(records, max_size=3))
def test_a_survey_survives_its_file(networks: list[Surveyed]) -> None:
    kept = SurveyFile(networks=tuple(networks))
    assert SurveyFile.model_validate_json(kept.model_dump_json(indent=1)) == kept


@given(correct=st.integers(-5, 20), n=st.integers(-5, 20))
def test_no_more_can_be_right_than_there_are(correct: int, n: int) -> None:
    content = f'{{"networks": [{{"operations": ["skip"], "correct": {correct}, "n": {n}}}]}}'
    if 0 <= correct <= n and n >= 1:
        assert SurveyFile.model_validate_json(content).networks[0].correct == correct
    else:
        with pytest.raises(ValidationError):
            SurveyFile.model_validate_json(content)


def test_what_a_survey_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError, match="goal"):
        SurveyFile.model_validate_json('{"networks": [], "goal": 0.5}')
