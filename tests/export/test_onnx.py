from __future__ import annotations

import copy
import hashlib
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

from tests.export.models import randomise_norms, small_network
from wattnas.blocks import Network, build, make_candidate
from wattnas.errors import ExportError
from wattnas.export import OnnxModel, onnx_bytes
from wattnas.export.onnx import _quiet
from wattnas.export.parity import torch_logits
from wattnas.space import Architecture, Layout, load_space

EXAMPLE = torch.zeros(1, 1, 8, 8)


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network()


@pytest.fixture(scope="module")
def content(network: Network) -> bytes:
    return onnx_bytes(network, EXAMPLE, metadata={"b": "2", "a": "1"})


def test_interface_and_metadata(content: bytes) -> None:
    model = onnx.load_from_string(content)
    (images,), (logits,) = model.graph.input, model.graph.output
    dims = [[d.dim_param or d.dim_value for d in e.type.tensor_type.shape.dim] for e in (images, logits)]
    assert (images.name, logits.name) == ("images", "logits")
    assert dims == [["batch", 1, 8, 8], ["batch", 10]]
    opset = str(model.opset_import[0].version)
    assert [(e.key, e.value) for e in model.metadata_props] == [("a", "1"), ("b", "2"), ("opset", opset)]
    assert not any(t.data_location == onnx.TensorProto.EXTERNAL for t in model.graph.initializer)


def test_holds_no_path_of_this_machine(content: bytes) -> None:
    model = onnx.load_from_string(content)
    assert not model.doc_string and not model.graph.doc_string
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode(), str(Path.home()).encode()):
        assert trace not in content


def test_same_weights_same_bytes_whatever_the_example_and_not_a_word_about_it(
    network: Network, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = onnx_bytes(network, torch.rand(2, 1, 8, 8), metadata={"a": "1", "b": "2"})
    assert again == content
    assert capfd.readouterr() == ("", "")


def test_memory_format_does_not_change_the_bytes(network: Network, content: bytes) -> None:
    last = copy.deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    assert onnx_bytes(last, EXAMPLE, metadata={"a": "1", "b": "2"}) == content


def test_same_bytes_in_another_process_and_nothing_loaded_before_use(content: bytes, tmp_path: Path) -> None:
    program = (
        "import sys, wattnas.export\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('onnx', 'onnxruntime', 'onnxscript')])\n"
        "print([m for m in sys.modules if m.startswith('torch.onnx')])\n"
        "import hashlib, torch\n"
        "from tests.export.models import small_network\n"
        "example = torch.zeros(1, 1, 8, 8)\n"
        "content = wattnas.export.onnx_bytes(small_network(), example, metadata={'a': '1', 'b': '2'})\n"
        "print(hashlib.sha256(content).hexdigest())\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines() == ["[]", "[]", hashlib.sha256(content).hexdigest()]
    assert found.stderr == ""


def test_module_stays_as_it_is() -> None:
    network = small_network().train()
    network.stem.eval()  # frozen statistics, as in fine tuning
    before = copy.deepcopy(network.state_dict())
    onnx_bytes(network, EXAMPLE)
    assert network.training and network.head.training and not network.stem.training
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize("batch", [1, 2, 3, 17])
def test_any_batch_gives_the_logits_of_torch(network: Network, content: bytes, batch: int) -> None:
    images = torch.rand(batch, 1, 8, 8, generator=torch.Generator().manual_seed(batch))
    found = torch.from_numpy(OnnxModel(content, "it").predict(images))
    torch.testing.assert_close(found, torch.from_numpy(torch_logits(network, images)), rtol=1e-4, atol=1e-4)


def test_identity_and_strided_skip_export_alone() -> None:
    space = load_space("tiny")
    layout = Layout.resolve(space, classes=2, channels=1, size=8)
    skip = next(c for c in layout.candidates if c.is_skip)
    for layer in (layout.layers[1], layout.layers[2]):
        module = make_candidate(layer, skip)
        randomise_norms(module)
        x = torch.rand(2, layer.in_channels, layer.in_size, layer.in_size)
        found = OnnxModel(onnx_bytes(module, x), "it").predict(x)
        torch.testing.assert_close(torch.from_numpy(found), module.eval()(x).detach())


def test_cifar_network_has_one_convolution_per_convolution_and_nothing_to_normalise_left() -> None:
    space = load_space("cifar")
    operations = ["k3_e1_g2", *["skip"] * 20, "k5_e1"]
    network = build(Architecture.of(operations, space), Layout.resolve(space, classes=10))
    model = onnx.load_from_string(onnx_bytes(network, torch.zeros(1, 3, 32, 32)))
    kinds = [node.op_type for node in model.graph.node]
    # Stem 1, two blocks of 3, the 5 skips that change the shape, head 1.
    assert kinds.count("Conv") == 1 + 2 * 3 + 5 + 1
    assert "BatchNormalization" not in kinds and "Dropout" not in kinds


class _Fixed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(3, -1)


class _Untranslatable(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:  # depends on values, which a graph cannot
            return x
        return -x


@pytest.mark.parametrize("module", [_Fixed(), _Untranslatable()])
def test_what_cannot_be_exported_is_one_error_of_one_line(module: nn.Module) -> None:
    with pytest.raises(ExportError, match=r"batch|_Untranslatable") as caught:
        onnx_bytes(module, torch.rand(3, 4))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("example", [torch.zeros(()), torch.zeros(0, 1, 8, 8)])
def test_example_without_images(network: Network, example: Tensor) -> None:
    with pytest.raises(ExportError, match="example of shape"):
        onnx_bytes(network, example)


def test_quiet_gives_the_levels_back_also_after_an_error() -> None:
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    with pytest.raises(KeyError), _quiet():
        assert logger.level == logging.ERROR
        raise KeyError
    assert logger.level == before
