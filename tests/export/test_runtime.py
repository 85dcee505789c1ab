from __future__ import annotations

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.models import pixels_file
from wattnas.errors import ConfigError, ExportError
from wattnas.export import OnnxModel
from wattnas.export.runtime import unit_pixels

SOUND = pixels_file()
PIXELS = torch.tensor([[0, 51, 255], [102, 204, 1]], dtype=torch.uint8).view(2, 1, 1, 3)


def test_uint8_counts_as_255ths() -> None:
    found = OnnxModel(pixels_file(), "it").predict(PIXELS)
    np.testing.assert_allclose(found, [[0, 0.2, 1], [0.4, 0.8, 1 / 255]], rtol=1e-6)
    assert found.dtype == np.float32


def test_floats_are_taken_as_they_are() -> None:
    half = torch.full((1, 1, 1, 3), 0.5, dtype=torch.float64)
    assert OnnxModel(pixels_file(), "it").predict(half).tolist() == [[0.5] * 3]


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_batches_do_not_change_the_answer(batch: int) -> None:
    images = torch.randint(0, 256, (7, 1, 1, 3), dtype=torch.uint8)
    model = OnnxModel(pixels_file(), "it")
    np.testing.assert_array_equal(model.predict(images, batch), unit_pixels(images).view(7, 3).numpy())


def test_facts_of_the_file(model: OnnxModel) -> None:
    assert model.input_shape == (1, 8, 8)
    assert model.classes == tuple("0123456789")
    assert model.architecture.split()[0] == "k3_e3"
    assert model.threads == 1
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


def test_more_threads_same_answer(exported: tuple[Path, object]) -> None:
    images = torch.rand(3, 1, 8, 8)
    one, two = (OnnxModel.load(exported[0], threads=threads).predict(images) for threads in (1, 2))
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


def test_threads_start_at_one() -> None:
    with pytest.raises(ConfigError, match="0 threads"):
        OnnxModel(pixels_file(), "it", threads=0)


@pytest.mark.parametrize("shape", [(2, 1, 1, 4), (2, 3, 1, 3), (1, 1, 3), (3,), ()])
def test_images_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ExportError, match="takes images 1x1x3"):
        OnnxModel(pixels_file(), "it").predict(torch.zeros(shape, dtype=torch.uint8))


def test_no_images_and_images_of_whole_numbers() -> None:
    model = OnnxModel(pixels_file(), "it")
    with pytest.raises(ExportError, match="no images"):
        model.predict(PIXELS[:0])
    with pytest.raises(ExportError, match=r"torch\.int64"):
        model.predict(PIXELS.to(torch.int64))


def test_logits_that_are_not_finite() -> None:
    with pytest.raises(ExportError, match="not finite"):
        OnnxModel(pixels_file(scale=[1.0, float("nan"), 1.0]), "it").predict(PIXELS)


@pytest.mark.parametrize(
    "content",
    [
        pixels_file(shape=(4, 1, 1, 3)),
        pixels_file(source="pixels"),
        pixels_file(target="answers"),
        pixels_file(shape=("batch", 3)),
        pixels_file(shape=("batch", 1, "height", 3)),
    ],
)
def test_foreign_network(content: bytes) -> None:
    with pytest.raises(ExportError, match="is an ONNX file, but not") as caught:
        OnnxModel(content, "foreign.onnx")
    assert "foreign.onnx" in str(caught.value)


@pytest.mark.parametrize("classes", [None, "not JSON", '{"a": 1}', "[1, 2]", "[" * 100_000])
def test_metadata_of_someone_else(classes: str | None) -> None:
    model = OnnxModel(pixels_file(metadata={} if classes is None else {"classes": classes}), "other.onnx")
    with pytest.raises(ExportError, match=r"other\.onnx was not written by wattnas"):
        _ = model.classes
    with pytest.raises(ExportError, match="no 'architecture'"):
        _ = model.architecture


def test_metadata_keep_any_text() -> None:
    names = ["猫", "a\nb", "\x00"]
    assert OnnxModel(pixels_file(metadata={"classes": json.dumps(names)}), "it").classes == tuple(names)


@pytest.mark.parametrize("name", ["absent.onnx", "", "nul\0byte.onnx"])
def test_missing_file_names_the_path_and_the_next_step(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="cannot be read") as caught:
        OnnxModel.load(tmp_path / name)
    assert str(tmp_path) in str(caught.value)
    assert "wattnas export" in caught.value.hint


def test_truncated_file(
    exported: tuple[Path, object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = exported[0].read_bytes()
    path = tmp_path / "cut.onnx"
    for size in (0, 1, 100, len(content) // 2):
        path.write_bytes(content[:size])
        with pytest.raises(ExportError, match=r"cut\.onnx"):
            OnnxModel.load(path)
    assert capfd.readouterr() == ("", "")


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_garbage_is_refused(content: bytes) -> None:
    with pytest.raises(ExportError):
        OnnxModel(content, "garbage.onnx")


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32))
def test_damaged_file_loads_or_is_refused(seed: int) -> None:
    draw = random.Random(seed)
    content = bytearray(SOUND)
    for _ in range(draw.choice([1, 2, 5])):
        content[draw.randrange(len(content))] = draw.randrange(256)
    try:
        model = OnnxModel(bytes(content), "damaged.onnx")
        _ = model.classes
        model.predict(torch.zeros(2, *model.input_shape))
    except ExportError as error:
        assert "damaged.onnx" in str(error)
