"""The parts of networks: which there are, what they take, and what a network runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.device.cases import cifar, part_of_cifar, toy
from wattnas.blocks import Network, build
from wattnas.device.parts import Stem, identities, image_of, part_keys, parts
from wattnas.space import Architecture, Layout, load_space


def tiny(channels: int = 1) -> Layout:
    return Layout.resolve(load_space("tiny"), classes=5, channels=channels, size=8)


def test_every_part_of_the_toy_space_is_wanted_once() -> None:
    assert {part.key: part.shape for part in parts(toy())} == {
        "stem_k3 1x8x8 -> 8 s1": (1, 1, 8, 8),
        "k3_e1 8x8x8 -> 8 s1": (1, 8, 8, 8),
        "head_average 8x8x8 -> 8 -> 2": (1, 8, 8, 8),
    }
    assert identities(toy()) == ["skip 8x8x8 -> 8 s1"]


def test_cifar_has_104_parts_and_6_identities() -> None:
    """12 shapes of layers: 6 change size or width; 6 keep both, and there `skip` is the identity."""
    keys = [part.key for part in parts(cifar())]
    assert len(keys) == len(set(keys)) == 9 * 12 - 6 + 2 == 104
    assert len(identities(cifar())) == 6
    assert not set(identities(cifar())) & set(keys)


@pytest.mark.parametrize(
    "layout", [cifar(), tiny(), tiny(3), toy(), part_of_cifar()], ids=lambda layout: layout.space.name
)
def test_each_part_takes_the_shape_it_names_and_gives_the_one_it_names(layout: Layout) -> None:
    some = parts(layout)
    if len(some) > 30:
        some = some[:5] + some[-5:]
    with torch.no_grad():
        for part in some:
            assert f" {part.channels}x{part.size}x{part.size} -> " in part.key
            out = part.make().eval()(torch.from_numpy(image_of(part)))
            assert torch.isfinite(out).all()
            assert out.shape[:2] == (1, int(part.key.split(" -> ")[-1].split(" ")[0]))


def test_an_image_is_the_same_at_each_call_and_has_the_range_of_pixels() -> None:
    for part in parts(toy()):
        assert np.array_equal(image_of(part), image_of(part))
        assert image_of(part).shape == part.shape
        assert 0 <= image_of(part).min() < image_of(part).max() <= 1


def kept(network: Network) -> list[torch.nn.Module]:
    """What a network runs, from stem to head, identities left out."""
    layers = [layer for layer in network.layers if not isinstance(layer, torch.nn.Identity)]
    return [network.stem, *layers, network.head]


def sizes(module: torch.nn.Module) -> list[torch.Size]:
    return [parameter.shape for parameter in module.parameters()]


@pytest.mark.parametrize(
    "layout", [cifar(), tiny(), toy(), part_of_cifar()], ids=lambda layout: layout.space.name
)
def test_a_network_runs_the_parts_that_are_in_it(layout: Layout) -> None:
    """Module by module: the parts named have the parameters of those that the network is built from."""
    by_key = {part.key: part for part in parts(layout)}
    rng = np.random.default_rng(0)
    for _ in range(3):
        operations = rng.choice(layout.space.candidates, size=len(layout.layers)).tolist()
        architecture = Architecture.of(operations, layout.space)
        made = [by_key[key].make() for key in part_keys(layout, architecture)]
        assert [sizes(module) for module in made] == [sizes(m) for m in kept(build(architecture, layout))]


def test_identities_cost_no_part() -> None:
    layout = toy()
    assert part_keys(layout, Architecture.parse("skip skip", layout.space)) == [
        layout.stem_key,
        layout.head_key,
    ]
    block = "k3_e1 8x8x8 -> 8 s1"
    assert part_keys(layout, Architecture.parse("k3_e1 k3_e1", layout.space))[1:-1] == [block, block]


def test_the_timed_stem_is_that_of_a_network() -> None:
    layout = toy()
    network = build(Architecture.parse("skip skip", layout.space), layout).eval()
    network.normalise_with(torch.tensor([0.5]), torch.tensor([0.25]))
    stem = Stem(layout).eval()
    stem.stem.load_state_dict(network.stem.state_dict())
    images = torch.rand(2, 1, 8, 8)
    with torch.no_grad():
        expected = network.stem((images - network.mean) / network.std)
        assert torch.equal(stem(images), expected)
