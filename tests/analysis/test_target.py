"""What names resolve to, and one line for each that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.models import small_file
from wattnas.analysis.target import OWN, resolve
from wattnas.errors import ConfigError, ExportError, RunError

MODELS = "tests.analysis.models"


def test_a_name_of_the_zoo() -> None:
    (target,) = resolve("S1-L35")
    loaded = target.load()
    assert (target.title, target.family, target.kind) == ("S1-L35", "S1", "zoo")
    assert loaded.params == 195_242 and loaded.weights == "random"
    assert loaded.literature["params"].value == pytest.approx(0.19e6)
    assert loaded.notes


def test_a_group_and_an_input() -> None:
    assert [target.title for target in resolve("canziani")][:2] == ["AlexNet", "BN-AlexNet"]
    assert resolve("resnet18", (3, 32, 32))[0].title == "ResNet18"
    assert resolve("resnet18")[0].title == "ResNet-18"


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(small_file(source="x", target="y"))
    (target,) = resolve(str(path))
    loaded = target.load()
    assert (target.title, target.family, loaded.params, loaded.weights) == ("mine", OWN, None, "as given")
    path.write_bytes(b"something else")
    (changed,) = resolve(str(path))
    assert changed.identity != target.identity
    with pytest.raises(ExportError, match=r"mine\.onnx is not an ONNX file"):
        changed.load()
    with pytest.raises(ExportError, match="cannot be read: No such file"):
        resolve(str(tmp_path / "none.onnx"))[0].load()


def test_a_module_of_the_user() -> None:
    (target,) = resolve(f"{MODELS}:classifier", (3, 8, 8))
    assert (target.title, target.kind) == ("classifier", "module")
    assert target.load().params == 3 * 4 * 9 + 4 + 4 * 5 + 5


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("only_eight", "only_eight fails on images 3x16x16: mat1 and mat2 shapes cannot be multiplied"),
        ("no_logits", r"answers two images with \[2, 4, 16, 16\], not with two rows of logits"),
        ("images", "answers two images|fails on images"),
    ],
)
def test_a_module_that_fails(function: str, reason: str) -> None:
    (target,) = resolve(f"{MODELS}:{function}", (3, 16, 16))
    with pytest.raises(ConfigError, match=reason):
        target.load()


@pytest.mark.parametrize("text", ["no.such.module:make", f"{MODELS}:nothing", "tests.analysis:"])
def test_a_function_that_is_not_there(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be imported"):
        resolve(text)


def test_an_unknown_name() -> None:
    with pytest.raises(ConfigError, match="no network, file or run 'resnet-18-b'") as caught:
        resolve("resnet-18-b")
    assert "resnet18" in caught.value.hint


def test_a_directory_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run directory"):
        resolve(str(tmp_path))[0].load()
