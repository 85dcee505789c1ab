"""The supernet against its parts called one by one, and against the networks that `build` makes."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from tests.supernet.toy import WITHOUT_SKIP, tiny_layout, toy_layout
from wattnas.blocks import Block, build
from wattnas.space import Architecture, Layout
from wattnas.supernet import MixtureLayer, SampledLayer, Supernet, mixture_gates

LAYOUTS = {
    "cifar-like": toy_layout(dropout=0.2),
    "tiny": tiny_layout(),
    "without skip": toy_layout(WITHOUT_SKIP),
}
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def supernet(layout: Layout, mode: Literal["sampled", "mixture"], seed: int = 0) -> Supernet:
    torch.manual_seed(seed)
    net = Supernet(layout, mode)
    net.normalise_with(torch.full((layout.channels,), 0.4), torch.full((layout.channels,), 0.25))
    return net


def images(layout: Layout, n: int = 6, dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(1)
    return torch.rand(n, layout.channels, layout.size, layout.size, dtype=dtype)


def mixed(layer: nn.Module) -> MixtureLayer | SampledLayer:
    assert isinstance(layer, MixtureLayer | SampledLayer)
    return layer


def sampled(layer: nn.Module) -> SampledLayer:
    assert isinstance(layer, SampledLayer)
    return layer


def random_path(layout: Layout, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, len(layout.candidates), (len(layout.layers),), generator=generator)


def learned(net: Supernet) -> Supernet:
    """`net` with BatchNorm scales and shifts as training would leave them, so that every branch counts."""
    torch.manual_seed(9)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return net


def naive_mixture(net: Supernet, x: Tensor, gates: list[list[float]]) -> Tensor:
    """The weighted sum written out; every candidate gets a copy of its input."""
    x = net.stem((x - 0.4) / 0.25)
    for layer, row in zip(net.layers, gates, strict=True):
        total = torch.zeros(())
        for gate, module in zip(row, mixed(layer).candidates, strict=True):
            total = total + gate * module(x.clone())
        x = total
    logits: Tensor = net.head(x.contiguous(memory_format=torch.channels_last))  # dropout follows the format
    return logits


@each_layout
def test_a_mixture_is_the_weighted_sum_of_its_candidates(layout: Layout) -> None:
    net = learned(supernet(layout, "mixture")).double()
    net.normalise_with(*(torch.full((layout.channels,), v, dtype=torch.float64) for v in (0.4, 0.25)))
    gates = mixture_gates(torch.randn_like(net.theta), 2.0, torch.randn_like(net.theta))
    x = images(layout, dtype=torch.float64)
    torch.manual_seed(2)  # the dropout of the head
    found = net.forward_mixture(x, gates)
    torch.manual_seed(2)
    torch.testing.assert_close(found, naive_mixture(net, x, gates.tolist()), rtol=1e-10, atol=1e-12)


@each_layout
def test_a_mixture_of_one_candidate_each_is_the_derived_network(layout: Layout) -> None:
    net = learned(supernet(layout, "mixture")).eval()
    path = random_path(layout, 3)
    with torch.no_grad():
        net.theta.scatter_(1, path.unsqueeze(1), 5.0)
    network = build(net.derive(), layout)
    network.load_state_dict(
        {"mean": net.mean, "std": net.std}
        | {f"stem.{name}": tensor for name, tensor in net.stem.state_dict().items()}
        | {f"head.{name}": tensor for name, tensor in net.head.state_dict().items()}
        | {
            f"layers.{index}.{name}": tensor
            for index, choice in enumerate(path.tolist())
            for name, tensor in mixed(net.layers[index]).candidates[choice].state_dict().items()
        }
    )
    gates = torch.nn.functional.one_hot(path, len(layout.candidates)).float()
    x = images(layout)
    torch.testing.assert_close(net.forward_mixture(x, gates), network.eval()(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["sampled", "mixture"])
@each_layout
def test_candidates_have_the_shapes_of_the_derived_network(
    layout: Layout, mode: Literal["sampled", "mixture"]
) -> None:
    net = supernet(layout, mode)
    for column, name in enumerate(layout.space.candidates):
        architecture = Architecture.of([name] * len(layout.layers), layout.space)
        for layer, built in zip(net.layers, build(architecture, layout).layers, strict=True):
            ours = mixed(layer).candidates[column].state_dict()
            assert {n: t.shape for n, t in ours.items()} == {
                n: t.shape for n, t in built.state_dict().items()
            }


@each_layout
def test_at_first_every_sampled_path_is_the_path_of_all_skips(layout: Layout) -> None:
    net, x = supernet(layout, "sampled"), images(layout)
    with torch.no_grad():
        torch.manual_seed(2)
        common = net.stem((x - 0.4) / 0.25)
        for layer in net.layers:
            common = sampled(layer).anchor(common)
        expected = net.head(common)
        for seed in range(5):
            torch.manual_seed(2)
            assert torch.equal(net.forward_path(x, random_path(layout, seed)), expected)


def test_a_gate_scales_the_branch_and_leaves_the_common_path() -> None:
    layout = toy_layout()
    net = learned(supernet(layout, "sampled")).double().eval()
    x = torch.rand(2, 4, 8, 8, dtype=torch.float64)
    layer = sampled(net.layers[1])  # 4 -> 6 channels: the anchor is a projection
    skip = layout.space.candidates.index("skip")
    half, one, seven = torch.tensor([0.5, 1.0, 7.0], dtype=torch.float64)
    common = layer(x, [skip], [None])
    branch = layer(x, [0], [None]) - common
    assert branch.abs().max() > 0.1
    torch.testing.assert_close(layer(x, [0], [half]), common + 0.5 * branch)
    assert torch.equal(layer(x, [0], [one]), layer(x, [0], [None]))
    assert torch.equal(layer(x, [skip], [seven]), common)
    other = layer(x, [1], [None]) - common
    torch.testing.assert_close(layer(x, [0, 1], [half, seven]), common + 0.5 * branch + 7 * other)


def test_the_anchor_is_skip_or_a_projection_of_its_own() -> None:
    for layer, spec in zip(supernet(toy_layout(), "sampled").layers, toy_layout().layers, strict=True):
        with_skip = sampled(layer)
        assert with_skip.anchor is with_skip.candidates[3]
        assert isinstance(with_skip.anchor, nn.Identity) == spec.is_residual
    layout = toy_layout(WITHOUT_SKIP)
    for layer, spec in zip(supernet(layout, "sampled").layers, layout.layers, strict=True):
        own = sampled(layer)
        assert all(own.anchor is not candidate for candidate in own.candidates)
        shape = own.anchor(torch.rand(2, spec.in_channels, spec.in_size, spec.in_size)).shape
        assert shape == (2, spec.out_channels, spec.out_size, spec.out_size)


@each_layout
def test_only_the_path_and_the_common_path_get_a_gradient(layout: Layout) -> None:
    net, path = learned(supernet(layout, "sampled")), random_path(layout, 4)
    net.forward_path(images(layout), path).square().sum().backward()  # type: ignore[no-untyped-call]
    for layer, choice in zip(net.layers, path.tolist(), strict=True):
        parts = sampled(layer)
        for column, candidate in enumerate(parts.candidates):
            used = column == choice or candidate is parts.anchor
            for parameter in candidate.parameters():
                assert (parameter.grad is not None) == used
        for parameter in parts.anchor.parameters():
            assert parameter.grad is not None
    assert net.theta.grad is None


@pytest.mark.parametrize("mode", ["sampled", "mixture"])
@each_layout
def test_weights_are_all_parameters_but_theta_once_each(
    layout: Layout, mode: Literal["sampled", "mixture"]
) -> None:
    net = supernet(layout, mode)
    weights = net.weights()
    assert len({id(weight) for weight in weights}) == len(weights)
    assert all(weight is not net.theta for weight in weights)
    assert sum(w.numel() for w in weights) + net.theta.numel() == sum(p.numel() for p in net.parameters())
    assert net.theta.shape == (len(layout.layers), len(layout.candidates))


def test_blocks_add_to_their_input_in_a_mixture_alone() -> None:
    layout = toy_layout()
    for mode, residual in (("mixture", True), ("sampled", False)):
        block = mixed(supernet(layout, mode).layers[0]).candidates[0]  # type: ignore[arg-type]
        assert isinstance(block, Block) and layout.layers[0].is_residual
        assert block.residual == residual
        assert bool(block.last_norm.weight.any()) == residual


def test_the_derived_architecture_is_the_largest_theta_and_the_first_of_equals() -> None:
    layout = toy_layout()
    net = supernet(layout, "sampled")
    assert net.derive().operations == ("k3_e1",) * 5
    with torch.no_grad():
        net.theta.copy_(
            torch.tensor(
                [[0, 1, 2, 3], [3, 2, 1, 0], [0, 5, 5, 5], [-1, -2, -2, -0.5], [-3, -3, -2, -2]],
                dtype=torch.float32,
            )
        )
    found = net.derive()
    assert found.operations == ("skip", "k3_e1", "k3_e3", "skip", "k5_e1_g2")
    assert (found.space, found.space_hash) == ("toy", layout.space.hash)


def test_weights_are_handed_over_as_the_network_names_them() -> None:
    layout = toy_layout()
    for mode in ("mixture", "sampled"):
        net = learned(supernet(layout, mode))
        with torch.no_grad():
            net.theta.scatter_(1, random_path(layout, 8).unsqueeze(1), 5.0)
        network = build(net.derive(), layout)
        network.load_state_dict(net.derived_weights())  # strict: every name and shape
        if mode == "mixture":
            chosen = torch.nn.functional.one_hot(net.theta.argmax(dim=1), len(layout.candidates)).float()
            x = images(layout)
            expected = net.eval().forward_mixture(x, chosen)
            torch.testing.assert_close(network.eval()(x), expected, rtol=1e-5, atol=1e-5)


def test_placing_leaves_theta_on_the_host() -> None:
    net = supernet(toy_layout(), "sampled")
    net.place(torch.device("meta"))
    assert net.theta.device.type == "cpu"
    assert {weight.device.type for weight in net.weights()} == {"meta"} == {net.mean.device.type}
