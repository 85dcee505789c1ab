from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from tests.export.models import randomise_norms
from wattnas.blocks import make_candidate, make_head, make_stem
from wattnas.export import OnnxModel, onnx_bytes, onnx_bytes_each
from wattnas.export import each as each_module
from wattnas.space import Layout, load_space


@pytest.fixture(scope="module")
def parts() -> tuple[list[nn.Module], list[Tensor]]:
    """An identity, all candidates of a layer of space `tiny` with stride 2, then stem and head."""
    layout = Layout.resolve(load_space("tiny"), classes=10, channels=1, size=8)
    torch.manual_seed(0)
    modules: list[nn.Module] = []
    examples: list[Tensor] = []
    places = [(layout.layers[1], c) for c in layout.candidates if c.is_skip]
    places += [(layout.layers[2], c) for c in layout.candidates]
    for layer, candidate in places:
        modules.append(make_candidate(layer, candidate))
        examples.append(torch.rand(2, layer.in_channels, layer.in_size, layer.in_size))
    modules += [make_stem(layout), make_head(layout)]
    examples += [torch.rand(2, 1, 8, 8), torch.rand(2, 64, 2, 2)]
    for module in modules:
        randomise_norms(module)
        module.eval()
    return modules, examples


@pytest.fixture(scope="module")
def files(parts: tuple[list[nn.Module], list[Tensor]]) -> list[bytes]:
    return list(onnx_bytes_each(*parts))


def test_each_file_computes_its_module(
    parts: tuple[list[nn.Module], list[Tensor]], files: list[bytes]
) -> None:
    for module, example, content in zip(*parts, files, strict=True):
        images = torch.cat([example, example[:1]])  # a batch of 3, exported from one of 2
        found = torch.from_numpy(OnnxModel(content, "part").predict(images))
        with torch.no_grad():
            torch.testing.assert_close(found, module(images), rtol=1e-4, atol=1e-5)


def test_same_operations_and_weights_as_alone(
    parts: tuple[list[nn.Module], list[Tensor]], files: list[bytes]
) -> None:
    index = 2  # k3_e1_g2, whose shuffle adds constants to the graph
    onnx.checker.check_model(files[index], full_check=True)
    together = onnx.load_from_string(files[index]).graph
    alone = onnx.load_from_string(onnx_bytes(parts[0][index], parts[1][index])).graph
    assert [n.op_type for n in together.node] == [n.op_type for n in alone.node]
    assert "Transpose" in [n.op_type for n in together.node]
    assert len(together.initializer) == len(alone.initializer)
    weights = [
        [numpy_helper.to_array(t) for t in g.initializer if len(t.dims) == 4] for g in (together, alone)
    ]
    assert len(weights[0]) == len(weights[1]) == 3
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_order_is_kept_over_passes_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(modules: list[nn.Module], examples: list[Tensor]) -> list[bytes]:
        return [f"{len(modules)} {int(example)}".encode() for example in examples]

    monkeypatch.setattr(each_module, "_AT_ONCE", 2)
    monkeypatch.setattr(each_module, "_together", told)
    monkeypatch.setattr(each_module, "onnx_bytes", lambda module, example: told([module], [example])[0])
    examples = [torch.tensor(i) for i in range(5)]
    found = list(onnx_bytes_each([nn.Identity()] * 5, examples))
    assert found == [b"2 0", b"2 1", b"2 2", b"2 3", b"1 4"]


def test_nothing_gives_nothing() -> None:
    assert list(onnx_bytes_each([], [])) == []
