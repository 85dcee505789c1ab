"""What costs seconds to make is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.export.models import DIGITS, tiny_network
from wattnas.blocks import Network
from wattnas.export import ExportReport, OnnxModel, export_network


@pytest.fixture(scope="package", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def network() -> Network:
    """A network of space `tiny`; tests leave it as it is."""
    return tiny_network()


@pytest.fixture(scope="session")
def exported(network: Network, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportReport]:
    """Its file and what the export said about it."""
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    return path, export_network(network, DIGITS, path, extra={"seed": "0"})


@pytest.fixture(scope="session")
def model(exported: tuple[Path, ExportReport]) -> OnnxModel:
    """Its file, loaded."""
    return OnnxModel.load(exported[0])


@pytest.fixture(scope="session")
def digits() -> tuple[Tensor, Tensor]:
    """Real images: 200 handwritten digits (200, 1, 8, 8) uint8 and their labels (200,)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.from_numpy(bunch.images[:200] * (255 / 16)).round().to(torch.uint8).unsqueeze(1)
    return images, torch.from_numpy(bunch.target[:200]).to(torch.int64)
