"""`models` and `analyze`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.models import small_file
from tests.builds import wattnas
from wattnas.cli.networks import parse_shape
from wattnas.errors import ConfigError
from wattnas.zoo import ENTRIES


def test_models_as_json() -> None:
    code, out, _ = wattnas("models", "--json")
    found = {model["name"]: model for model in json.loads(out)}
    assert code == 0 and set(found) == {entry.name for entry in ENTRIES}
    assert found["vgg16"]["params"] == 138_357_544
    assert found["vgg16"]["literature"]["top1"]["origin"] == "literature"
    assert found["fbnet1"]["built_by"] is None and found["fbnet1"]["macs"] is None


def test_models_for_people() -> None:
    code, out, _ = wattnas("models")
    line = next(line for line in out.splitlines() if line.split()[:1] == ["darts_cifar"])
    assert code == 0 and "3.349 M" in line and "528.4 M" in line and "3x32x32" in line
    assert "figures only" in next(line for line in out.splitlines() if line.split()[:1] == ["fbnet1"])


def test_analyze(tmp_path: Path) -> None:
    path, out = tmp_path / "net.onnx", tmp_path / "out"
    path.write_bytes(small_file())
    code, printed, said = wattnas("analyze", path, "nosuch", "--out", out, "--batch", "2", "--budget", "0.5")
    assert code == 2 and "| net |" in printed
    assert "nosuch: There is no network, file or run 'nosuch'." in said and "1/1 net" in said
    stored = json.loads((out / "analysis.json").read_text(encoding="utf-8"))
    (row,) = stored["rows"]
    assert set(row["latency"]) == {"1", "2"} and row["latency"]["1"]["origin"] == "measured"
    assert set(row["process_peak"]) == {"1", "2"}
    assert str(out / "report.html") in said and "net" in (out / "report.html").read_text(encoding="utf-8")
    code, printed, _ = wattnas(
        "analyze", path, "--out", out, "--batch", "2", "--budget", "0.5", "--json", "-q"
    )
    assert code == 0 and json.loads(printed)["rows"] == stored["rows"]  # used again, not measured again


def test_another_device_is_refused(tmp_path: Path) -> None:
    code, _, said = wattnas("analyze", "alexnet", "--device", "ozawa-2021", "--out", tmp_path)
    assert code == 2 and "cannot be measured on 'ozawa-2021'" in said


def test_shapes() -> None:
    assert parse_shape("3x32x48") == (3, 32, 48) and parse_shape(None) is None
    for text in ("32x32", "3x32x0", "4x8x8", "3x8x8x8", "x"):
        with pytest.raises(ConfigError, match="not the shape of an image"):
            parse_shape(text)
