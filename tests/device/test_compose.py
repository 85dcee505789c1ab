"""Networks put together from exported blocks, against networks that were exported whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from tests.device.cases import cifar, toy
from tests.export.models import randomise_norms
from wattnas.agent.runtime import onnxruntime, open_session
from wattnas.blocks import Network, build
from wattnas.device import compose
from wattnas.device.compose import Composer, export_parts, join
from wattnas.device.design import random_networks
from wattnas.device.parts import Stem, part_keys, parts
from wattnas.export import onnx_bytes, onnx_bytes_each
from wattnas.space import Architecture, Layout, load_space
from wattnas.space.load import parse_space

# Every kind of part: groups with a shuffle, a skip that is the identity and one that is not, a whole head.
# Groups are of 12 channels, no multiple of a vector: the runtime fuses those with an addition only where it
# knows shapes.
OWN_SPACE = """
name: own
input: {channels: [3], min_size: 9, max_size: 9}
stem: {channels: 24, kernel: 5, stride: 2}
stages: [{channels: 24, layers: 1}, {channels: 32, layers: 1, stride: 2}]
candidates: [k3_e1_g2, skip, k5_e1]
head: {channels: 48, batch_norm: true, activation: true, pool: flatten}
"""


def own() -> Layout:
    return Layout.resolve(parse_space(OWN_SPACE, "own"), classes=3)


def tiny() -> Layout:
    return Layout.resolve(load_space("tiny"), classes=5, channels=1, size=8)


def exported_for(layout: Layout, architectures: Sequence[Architecture]) -> dict[str, bytes]:
    """The exported parts that these architectures need; all would take a minute."""
    needed = {key for architecture in architectures for key in part_keys(layout, architecture)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "parts", lambda _: [part for part in parts(layout) if part.key in needed])
        return export_parts(layout)


def trained(architecture: Architecture, layout: Layout) -> Network:
    """The network with the normalisation of a composed one, and with statistics as after training."""
    network = build(architecture, layout).eval()
    randomise_norms(network)
    network.normalise_with(torch.full((layout.channels,), 0.5), torch.full((layout.channels,), 0.25))
    return network


def optimised(model: bytes, folder: Path) -> list[tuple[Any, ...]]:
    """What ONNX Runtime makes of a model: operation, attributes and shapes of weights, node by node."""
    ort: Any = onnxruntime()
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    graph = onnx.load(options.optimized_model_filepath).graph
    shapes = {entry.name: tuple(entry.dims) for entry in graph.initializer}
    return [
        (
            node.domain,
            node.op_type,
            sorted((entry.name, onnx.helper.get_attribute_value(entry)) for entry in node.attribute),
            [shapes.get(name) for name in node.input],
        )
        for node in graph.node
    ]


def run(model: bytes, images: torch.Tensor) -> torch.Tensor:
    (logits,) = open_session(model, 1).run(None, {"images": images.numpy()})
    return torch.from_numpy(logits)


def some(layout: Layout, count: int) -> list[Architecture]:
    """Random architectures."""
    return list(islice(random_networks(layout, 0), count))


def same_as_whole(
    layout: Layout, exported: dict[str, bytes], architectures: Sequence[Architecture], folder: Path
) -> None:
    """Architectures, composed and exported whole, are one and the same to ONNX Runtime."""
    composer = Composer(layout, exported)
    images = torch.rand(2, layout.channels, layout.size, layout.size)
    for architecture in architectures:
        composed = composer.network(architecture)
        onnx.checker.check_model(composed, full_check=True)
        whole = onnx_bytes(trained(architecture, layout), images)
        nodes = optimised(composed, folder)
        assert len(nodes) > len(layout.layers)
        assert nodes == optimised(whole, folder)
        assert 1e-3 < run(composed, images).abs().max() < 1e6  # no infinities, no denormal numbers
        assert composed == composer.network(architecture)
        assert len(zlib.compress(composed)) < len(composed) / 3


@pytest.fixture(scope="module")
def own_parts() -> tuple[dict[str, nn.Module], dict[str, bytes]]:
    """All parts of a space of one's own, weights as they were drawn: modules and files by their key."""
    made: list[nn.Module] = []

    def noted(modules: Sequence[nn.Module], examples: Sequence[torch.Tensor]) -> Iterator[bytes]:
        made.extend(modules)
        return onnx_bytes_each(modules, examples)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "onnx_bytes_each", noted)
        patch.setattr(compose, "_patterned", lambda model: model)
        exported = export_parts(own())
    return dict(zip(exported, made, strict=True)), exported


def test_networks_of_a_space_of_ones_own_are_those_that_are_exported_whole(
    own_parts: tuple[dict[str, nn.Module], dict[str, bytes]], tmp_path: Path
) -> None:
    exported = {key: compose._patterned(model) for key, model in own_parts[1].items()}
    grouped = Architecture.parse("k3_e1_g2 k5_e1", own().space)
    same_as_whole(own(), exported, [grouped, *some(own(), 1)], tmp_path)


@pytest.mark.slow
def test_networks_of_cifar_are_those_that_are_exported_whole(tmp_path: Path) -> None:
    same_as_whole(cifar(), exported_for(cifar(), some(cifar(), 3)), some(cifar(), 3), tmp_path)


@pytest.mark.slow
def test_networks_of_tiny_are_those_that_are_exported_whole(tmp_path: Path) -> None:
    same_as_whole(tiny(), exported_for(tiny(), some(tiny(), 5)), some(tiny(), 5), tmp_path)


@pytest.mark.parametrize("operations", ["k3_e1_g2 skip", "skip k5_e1", "k5_e1 k3_e1_g2"])
def test_joined_parts_compute_what_the_network_computes(
    own_parts: tuple[dict[str, nn.Module], dict[str, bytes]], operations: str
) -> None:
    modules, exported = own_parts
    layout = own()
    architecture = Architecture.parse(operations, layout.space)
    network = trained(architecture, layout)
    keys = part_keys(layout, architecture)
    stem = modules[keys[0]]
    assert isinstance(stem, Stem)
    network.stem, network.head = stem.stem, modules[keys[-1]]
    for place, candidate in enumerate(architecture.candidates):
        network.layers[place] = modules.get(layout.layers[place].key(candidate), nn.Identity())
    images = torch.rand(3, 3, 9, 9)
    joined = join([onnx.load_from_string(exported[key]) for key in keys])
    with torch.no_grad():
        torch.testing.assert_close(run(joined, images), network(images), rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def toy_parts() -> dict[str, bytes]:
    return export_parts(toy())


def test_the_same_bytes_at_each_call_whatever_was_drawn_before(toy_parts: dict[str, bytes]) -> None:
    assert sorted(toy_parts) == sorted(part.key for part in parts(toy()))
    torch.manual_seed(99)
    state = torch.random.get_rng_state()
    assert export_parts(toy()) == toy_parts
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_block_twice_in_a_network_has_weights_of_its_own(toy_parts: dict[str, bytes]) -> None:
    """Else a second one would find the weights of the first in the cache, as no real network does."""
    composer = Composer(toy(), toy_parts)

    def weights(operations: str) -> int:
        model = onnx.load_from_string(composer.network(Architecture.parse(operations, toy().space)))
        names = [entry.name for entry in model.graph.initializer]
        assert len(set(names)) == len(names)
        return sum(len(entry.dims) == 4 for entry in model.graph.initializer)

    assert weights("k3_e1 k3_e1") - weights("k3_e1 skip") == 3  # expand, depthwise, project


def test_a_network_of_identities_is_stem_and_head(toy_parts: dict[str, bytes]) -> None:
    none = Composer(toy(), toy_parts).network(Architecture.parse("skip skip", toy().space))
    convolutions = [node for node in onnx.load_from_string(none).graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 2


def test_patterned_weights_have_the_shapes_of_the_block_and_no_row_twice(toy_parts: dict[str, bytes]) -> None:
    graph = onnx.load_from_string(toy_parts["k3_e1 8x8x8 -> 8 s1"]).graph
    kernels = [numpy_helper.to_array(entry) for entry in graph.initializer if len(entry.dims) == 4]
    assert sorted(kernel.shape for kernel in kernels) == [(8, 1, 3, 3), (8, 8, 1, 1), (8, 8, 1, 1)]
    for kernel in kernels:
        assert len(np.unique(kernel.reshape(8, -1), axis=0)) == 8
        assert np.count_nonzero(kernel) == kernel.size
        assert np.abs(kernel).max() < 5


def test_a_single_part_joined_is_that_part(toy_parts: dict[str, bytes]) -> None:
    stem = toy_parts[toy().stem_key]
    images = torch.rand(1, 1, 8, 8)
    assert torch.equal(run(join([onnx.load_from_string(stem)]), images), run(stem, images))
