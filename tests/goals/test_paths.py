"""Which architectures a supernet trains: each candidate alike, each depth alike, each path by its number."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.goals.cases import layout
from wattnas.goals.paths import Sampling, architecture_of, draw_paths, path_of
from wattnas.space import Architecture, Head, Input, Layout, Space, Stage, Stem

WITHOUT_SKIP = ("k3_e1", "k5_e3", "k3_e6")
SAMPLINGS: tuple[Sampling, ...] = ("fair", "uniform")


def deep(layers: int, candidates: tuple[str, ...]) -> Layout:
    """So many layers that the share of those that work is seen well."""
    space = Space(
        name="deep",
        input=Input(channels=(1,), min_size=8, max_size=8),
        stem=Stem(channels=8),
        stages=tuple(Stage(channels=8, layers=part) for part in [50] * (layers // 50)),
        candidates=candidates,
        head=Head(channels=8),
    )
    return Layout.resolve(space, classes=2)


def blocks_of(paths: Tensor, count: int) -> tuple[Tensor, ...]:
    """The paths, `count` at a time."""
    return torch.split(paths, count)


def test_a_path_is_the_column_of_each_layers_candidate() -> None:
    shapes = layout()
    names = ["skip", "k3_e6", "k3_e1", "k5_e3", "skip", "k3_e1"]
    path = path_of(names, shapes)
    assert path.tolist() == [3, 2, 0, 1, 3, 0] and path.dtype == torch.int64
    assert architecture_of(path, shapes) == Architecture.of(names, shapes.space)


@pytest.mark.parametrize("seed", range(5))
def test_without_skip_every_layer_has_each_candidate_once_in_a_block(seed: int) -> None:
    paths = draw_paths(layout(WITHOUT_SKIP), 30, seed)
    for block in blocks_of(paths, 3):
        assert block.sort(dim=0).values.t().tolist() == [[0, 1, 2]] * 6
    assert len({tuple(block.flatten().tolist()) for block in blocks_of(paths, 3)}) > 1


@pytest.mark.parametrize("candidates", [("k3_e1", "k5_e3", "k3_e6", "skip"), ("skip", "k3_e1", "k5_e3")])
def test_with_skip_no_candidate_works_twice_in_a_layer_of_a_block(candidates: tuple[str, ...]) -> None:
    """Each stands once in every layer before skips replace some."""
    shapes, skip = layout(candidates), candidates.index("skip")
    for block in blocks_of(draw_paths(shapes, 40 * (len(candidates) - 1), 3), len(candidates) - 1):
        for column in block.t():
            working = column[column != skip].tolist()
            assert len(set(working)) == len(working)


def test_with_skip_every_candidate_is_trained_as_often_as_the_others() -> None:
    """Each stands in half of the blocks, on average: 5 standard deviations of 1,000 throws of a coin."""
    blocks = 1000
    paths = draw_paths(layout(), 3 * blocks, 0)
    for column in paths.t():
        counts = torch.bincount(column, minlength=4)
        assert (counts[:3] - blocks / 2).abs().max() < 5 * (blocks / 4) ** 0.5


@pytest.mark.parametrize("candidates", [("k3_e1", "skip", "k5_e3", "k3_e6"), ("k3_e1", "skip")])
def test_the_depths_of_a_block_lie_one_in_each_equal_part(candidates: tuple[str, ...]) -> None:
    shapes, skip, parts = deep(1000, candidates), candidates.index("skip"), len(candidates) - 1
    for block in blocks_of(draw_paths(shapes, 6 * parts, 1), parts):
        shares = (block != skip).to(torch.float64).mean(1).sort().values
        # 4 standard deviations of 1,000 throws of a coin around the part that the share was drawn from.
        for number, share in enumerate(shares.tolist()):
            assert number / parts - 0.065 <= share <= (number + 1) / parts + 0.065


def test_the_deepest_path_stands_at_any_place_of_its_block() -> None:
    paths = draw_paths(deep(200, ("k3_e1", "k5_e3", "k3_e6", "skip")), 3 * 60, 2)
    deepest = {int((block != 3).sum(1).argmax()) for block in blocks_of(paths, 3)}
    assert deepest == {0, 1, 2}


def test_uniform_draws_every_candidate_of_every_layer_alike() -> None:
    """800 draws of one in four: 5 standard deviations."""
    paths = draw_paths(layout(), 800, 0, sampling="uniform")
    for column in paths.t():
        counts = torch.bincount(column, minlength=4)
        assert (counts - 200).abs().max() < 5 * (800 * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize("sampling", SAMPLINGS)
@given(seed=st.integers(0, 2**31 - 1), cuts=st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_a_path_is_a_function_of_its_number(sampling: Sampling, seed: int, cuts: list[int]) -> None:
    shapes, pieces, first = layout(), [], 0
    for count in cuts:
        pieces.append(draw_paths(shapes, count, seed, first, sampling))
        first += count
    assert torch.equal(torch.cat(pieces), draw_paths(shapes, first, seed, sampling=sampling))


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_seeds_differ_and_the_global_generator_is_left_alone(sampling: Sampling) -> None:
    before = torch.get_rng_state()
    first, second = (draw_paths(layout(), 12, seed, sampling=sampling) for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
