from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

from tests.export.models import DIGITS, TINY, pixels_file, small_network
from wattnas import __version__
from wattnas.blocks import Network
from wattnas.errors import ExportError
from wattnas.export import ExportReport, OnnxModel, export_network
from wattnas.export import model as model_module
from wattnas.space import load_space


def test_report_says_what_lies_on_the_disk(exported: tuple[Path, ExportReport]) -> None:
    path, report = exported
    content = path.read_bytes()
    assert report.file == "model.onnx"
    assert report.size_bytes == len(content)
    assert report.sha256 == hashlib.sha256(content).hexdigest()
    assert [entry.name for entry in path.parent.iterdir()] == ["model.onnx"]


def test_metadata_describe_the_network(model: OnnxModel, exported: tuple[Path, ExportReport]) -> None:
    opset = onnx.load(exported[0]).opset_import[0].version
    assert model.metadata == exported[1].metadata
    assert model.metadata == {
        "architecture": " ".join(TINY),
        "classes": json.dumps(list(DIGITS)),
        "input": "[1, 8, 8]",
        "normalisation": "pixel values 0..1, normalised inside",
        "opset": str(opset),
        "seed": "0",
        "space": "tiny",
        "space_hash": load_space("tiny").hash,
        "wattnas": __version__,
    }


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter gives a hand-made network with the metadata asked for."""

    def pixels(module: nn.Module, example: Tensor, *, metadata: dict[str, str]) -> bytes:
        return pixels_file(10, metadata=metadata)

    monkeypatch.setattr(model_module, "onnx_bytes", pixels)


@pytest.mark.usefixtures("quick")
def test_class_names_of_any_script_survive(network: Network, tmp_path: Path) -> None:
    names = ("naïve", "猫", 'quo"te', "a\nb", "", *DIGITS[5:])
    export_network(network, names, tmp_path / "new" / "model.onnx")
    assert OnnxModel.load(tmp_path / "new" / "model.onnx").classes == names


@pytest.mark.parametrize("classes", [DIGITS[:9], (*DIGITS, "ten"), ("0",) * 10])
def test_classes_that_do_not_fit(network: Network, tmp_path: Path, classes: tuple[str, ...]) -> None:
    with pytest.raises(ExportError, match="has 10 classes"):
        export_network(network, classes, tmp_path / "model.onnx")


def test_own_metadata_cannot_be_overridden(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Metadata classes, space"):
        export_network(
            network, DIGITS, tmp_path / "model.onnx", extra={"space": "x", "classes": "y", "z": ""}
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_leave_the_old_file(tmp_path: Path, value: float) -> None:
    network = small_network()
    with torch.no_grad():
        network.head[0].weight[0, 0] = value  # type: ignore[index]
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    with pytest.raises(ExportError, match=r"head\.0\.weight of the network"):
        export_network(network, DIGITS, path)
    assert path.read_bytes() == b"old"


@pytest.mark.usefixtures("quick")
def test_path_that_cannot_be_written(network: Network, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        export_network(network, DIGITS, tmp_path / "file" / "model.onnx")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.usefixtures("quick")
def test_malformed_result_is_not_written(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_module, "onnx_bytes", lambda *_, **__: pixels_file()[:-60])
    with pytest.raises(ExportError, match="malformed"):
        export_network(network, DIGITS, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
