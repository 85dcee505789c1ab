"""Which networks are timed."""

from __future__ import annotations

from itertools import islice, product

import pytest

from tests.device.cases import cifar, part_of_cifar, toy
from wattnas.device.design import base_network, random_networks, swap_ones
from wattnas.device.parts import part_keys, parts
from wattnas.space import Architecture, Candidate, Layout, load_space


def tiny() -> Layout:
    return Layout.resolve(load_space("tiny"), classes=5, channels=1, size=8)


each_layout = pytest.mark.parametrize(
    "layout", [cifar(), tiny(), toy(), part_of_cifar()], ids=lambda layout: layout.space.name
)


def what_it_runs(layout: Layout, architecture: Architecture) -> tuple[str, ...]:
    return tuple(sorted(part_keys(layout, architecture)))


def every_architecture(layout: Layout) -> list[Architecture]:
    names = layout.space.candidates
    return [Architecture.of(list(ops), layout.space) for ops in product(names, repeat=len(layout.layers))]


def test_the_base_is_the_middle_of_the_list() -> None:
    assert set(base_network(cifar()).operations) == {"k5_e1"}  # the fifth of nine
    assert base_network(part_of_cifar()).operations == ("k5_e6",) * 3  # the second of three


@each_layout
def test_base_and_swaps_hold_every_part(layout: Layout) -> None:
    designed = [base_network(layout), *swap_ones(layout)]
    assert {key for a in designed for key in part_keys(layout, a)} == {part.key for part in parts(layout)}


@each_layout
def test_a_swap_is_the_base_but_for_one_layer(layout: Layout) -> None:
    base, swaps = base_network(layout).operations, swap_ones(layout)
    for swap in swaps:
        assert sum(mine != theirs for mine, theirs in zip(swap.operations, base, strict=True)) == 1
    shapes = {layer.key("") for layer in layout.layers}
    assert len({what_it_runs(layout, swap) for swap in swaps}) == len(swaps)
    assert len(swaps) == len(shapes) * (len(layout.space.candidates) - 1)


def test_random_networks_are_distinct_by_their_parts_and_new() -> None:
    layout = cifar()
    known = [base_network(layout), *swap_ones(layout)]
    drawn = list(islice(random_networks(layout, 0, known), 200))
    assert len({what_it_runs(layout, a) for a in [*known, *drawn]}) == len(known) + 200


@pytest.mark.parametrize("layout", [toy(), part_of_cifar()], ids=lambda layout: layout.space.name)
def test_a_small_space_is_drawn_to_its_end(layout: Layout) -> None:
    """Networks that differ in the order of layers of one shape are one and the same."""
    everything = {what_it_runs(layout, a) for a in every_architecture(layout)}
    drawn = [what_it_runs(layout, a) for a in random_networks(layout, 0)]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == everything
    known = every_architecture(layout)[:2]
    rest = everything - {what_it_runs(layout, a) for a in known}
    assert {what_it_runs(layout, a) for a in random_networks(layout, 0, known)} == rest
    assert list(random_networks(layout, 0, every_architecture(layout))) == []


def test_the_toy_space_has_three_networks() -> None:
    assert len(list(random_networks(toy(), 1))) == 3


def test_the_same_seed_draws_the_same() -> None:
    def first(seed: int) -> list[str]:
        return [str(a) for a in islice(random_networks(cifar(), seed), 5)]

    assert first(3) == first(3)
    assert first(3) != first(4)


def work(architecture: Architecture) -> int:
    """Expansions summed over layers, a skip counting none: 0 to 132 in `cifar`."""
    return sum(Candidate.parse(name).expansion for name in architecture.operations)


def test_cheap_and_dear_networks_are_among_them_besides_ordinary_ones() -> None:
    """Layers drawn alike from 1 1 3 6 1 1 3 6 0 sum to 53.8 over 22 layers, with a deviation of 9.9: of a
    hundred hardly any leaves 19 to 88, which is 3.5 deviations."""
    sums = [work(a) for a in islice(random_networks(cifar(), 0), 200)]
    assert sum(found < 19 for found in sums) >= 3
    assert sum(found > 88 for found in sums) >= 3
    assert sum(34 < found < 74 for found in sums) >= 90  # two deviations
