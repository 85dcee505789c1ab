from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.blocks.counting import count_params, run_counting_macs
from tests.space.published import PUBLISHED
from tests.space.strategies import architectures, spaces
from wattnas.blocks import Network, build
from wattnas.errors import SpaceError
from wattnas.space import Architecture, Layout, Space, count_layout, load_space

TINY = load_space("tiny")
SKIPS = Architecture.parse("skip skip skip skip skip skip", TINY)


def check_against_count(architecture: Architecture, layout: Layout) -> None:
    """Logits of the right shape, parameters and MACs as counted from shapes alone; without data (meta)."""
    with torch.device("meta"):
        network = build(architecture, layout).eval()
        logits, macs = run_counting_macs(network, torch.empty(2, layout.channels, layout.size, layout.size))
    assert logits.shape == (2, layout.classes)
    assert count_layout(layout, architecture) == (count_params(network), macs)


@given(st.data(), st.sampled_from(["cifar", "imagenet", "tiny"]), st.integers(2, 1000))
@settings(deadline=None, max_examples=15)
def test_named_spaces_build_as_counted(data: st.DataObject, name: str, classes: int) -> None:
    space = load_space(name)
    channels = data.draw(st.sampled_from(space.input.channels))
    size = data.draw(st.integers(space.input.min_size, space.input.max_size))
    layout = Layout.resolve(space, classes, channels, size)
    check_against_count(data.draw(architectures(space)), layout)


@given(st.data(), spaces())
@settings(deadline=None, max_examples=40)
def test_users_spaces_build_as_counted(data: st.DataObject, space: Space) -> None:
    check_against_count(data.draw(architectures(space)), Layout.resolve(space, classes=3))


@pytest.mark.parametrize("name", load_space("imagenet").candidates)
def test_each_candidate_at_every_layer_of_fbnets_space(name: str) -> None:
    space = load_space("imagenet")
    check_against_count(Architecture.of([name] * space.depth, space), Layout.resolve(space, classes=1000))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks_have_their_published_size(name: str) -> None:
    space = load_space("cifar")
    network = build(Architecture.parse(PUBLISHED[name].operations, space), Layout.resolve(space, classes=10))
    assert round(count_params(network) / 1e6, 4) == PUBLISHED[name].params_m


@given(st.data())
@settings(deadline=None, max_examples=10)
def test_every_parameter_learns_and_outputs_are_finite(data: st.DataObject) -> None:
    torch.manual_seed(0)
    network = build(data.draw(architectures(TINY)), Layout.resolve(TINY, classes=3, channels=1, size=8))
    logits = network(torch.rand(4, 1, 8, 8))
    logits.logsumexp(1).sum().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_normalisation_is_part_of_the_network() -> None:
    """A network given mean and std answers to raw pixels as its bare twin answers to normalised ones."""
    layout = Layout.resolve(TINY, classes=3, channels=3, size=8)
    bare = build(SKIPS, layout).eval()
    network = build(SKIPS, layout).eval()
    network.load_state_dict(bare.state_dict())
    mean, std = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.5, 0.25, 2.0])
    network.normalise_with(mean, std)
    x = torch.rand(4, 3, 8, 8)
    by_hand = torch.stack([(x[:, c] - mean[c]) / std[c] for c in range(3)], dim=1)
    assert torch.allclose(network(x), bare(by_hand), atol=1e-6)
    assert not torch.allclose(network(x), bare(x))


def test_normalisation_is_saved_and_not_trained() -> None:
    layout = Layout.resolve(TINY, classes=3)
    network = build(SKIPS, layout)
    network.normalise_with(torch.full((3,), 0.4), torch.full((3,), 0.2))
    other = build(SKIPS, layout)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other.mean.flatten(), torch.full((3,), 0.4))
    assert torch.equal(other.std.flatten(), torch.full((3,), 0.2))
    assert not {"mean", "std"} & {name for name, _ in network.named_parameters()}


def test_same_seed_same_network() -> None:
    def weights() -> dict[str, torch.Tensor]:
        torch.manual_seed(7)
        return build(SKIPS, Layout.resolve(TINY, classes=3)).state_dict()

    first, second = weights(), weights()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_remembers_what_it_was_built_from() -> None:
    layout = Layout.resolve(TINY, classes=3)
    network = build(SKIPS, layout)
    assert isinstance(network, Network)
    assert (network.architecture, network.layout) == (SKIPS, layout)


def test_architecture_and_layout_of_different_spaces() -> None:
    with pytest.raises(SpaceError, match="belongs to space 'tiny', the layout to 'cifar'"):
        build(SKIPS, Layout.resolve(load_space("cifar"), classes=10))
