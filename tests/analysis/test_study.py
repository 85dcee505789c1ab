"""Many networks: each row whole or not at all, used again, and none stops the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.analysis.models import small_file
from wattnas.agent.meters import Meter
from wattnas.analysis import Options, study, write_study
from wattnas.analysis import measure as measuring
from wattnas.analysis.energy import Consumption, modelled
from wattnas.analysis.row import load_row
from wattnas.errors import ConfigError, MeterError
from wattnas.units import Quantity

FAST = Options(batches=(1, 3), memory=False)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Latency without a clock: a millisecond per image; lists the batches asked for."""
    asked: list[int] = []

    def latency(model: object, *, batch: int = 1, protocol: object = None) -> Quantity:
        asked.append(batch)
        return Quantity(value=1e-3 * batch, unit="s", origin="measured", n=1, source="no clock")

    monkeypatch.setattr(measuring, "measure_latency", latency)
    return asked


def test_one_bad_network_stops_no_other(tmp_path: Path, quick: list[int]) -> None:
    good, bad = tmp_path / "good.onnx", tmp_path / "bad.onnx"
    good.write_bytes(small_file(source="x"))
    bad.write_bytes(small_file()[:50])
    said: list[str] = []
    names = ["nosuch", str(bad), "tests.analysis.models:only_eight", str(good), "fbnet1"]
    found = study(names, FAST, tmp_path / "out", shape=(3, 16, 16), say=said.append)
    assert [row.title for row in found.rows] == ["good"]
    assert [failure.name for failure in found.failures] == ["nosuch", str(bad), names[2], "fbnet1"]
    assert all("\n" not in failure.line and failure.line in said for failure in found.failures)
    row = found.rows[0]
    assert row.macs.value == 64 * 4 * 27 + 8 and row.params is None
    assert {batch: t.value for batch, t in row.latency.items()} == {1: 1e-3, 3: 3e-3}
    assert row.energy[3].value == pytest.approx(3e-2) and row.energy[3].origin == "modelled"
    assert row.activation_peak[3].value == 3 * row.activation_peak[1].value
    assert row.classes == 2 and row.input == (3, 8, 8)


def test_rows_are_used_again_until_something_changes(tmp_path: Path, quick: list[int]) -> None:
    path, out = tmp_path / "net.onnx", tmp_path / "out"
    path.write_bytes(small_file())
    study([str(path)], FAST, out)
    assert quick == [1, 3]
    study([str(path)], FAST, out)
    assert quick == [1, 3]
    (kept,) = (out / "rows").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])  # as no writer of ours leaves it
    study([str(path)], FAST, out)
    assert quick == [1, 3] * 2
    study([str(path)], FAST.model_copy(update={"watts": 3.0}), out)
    assert quick == [1, 3] * 3
    path.write_bytes(small_file(source="x"))
    study([str(path)], FAST, out)
    assert quick == [1, 3] * 4


def test_a_stop_leaves_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.onnx").write_bytes(small_file(source=name))
    names = [str(tmp_path / "a.onnx"), str(tmp_path / "b.onnx")]

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        calls = iter(range(100))
        patch.setattr(measuring, "activation_peak", lambda graph: 1 if next(calls) < 2 else stop())
        with pytest.raises(KeyboardInterrupt):
            study(names, FAST, tmp_path / "out")
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 1
    assert len(study(names, FAST, tmp_path / "out").rows) == 2


def test_what_a_study_leaves(tmp_path: Path) -> None:
    path, out = tmp_path / "net.onnx", tmp_path / "out"
    path.write_bytes(small_file())
    found = study([str(path), "nosuch"], FAST, out)
    text = write_study(found, FAST, out)
    stored = json.loads((out / "analysis.json").read_text(encoding="utf-8"))
    assert (out / "analysis.md").read_text(encoding="utf-8") == text
    assert "| net |" in text and "nosuch: There is no network" in text and "Not tested" in text
    (row,) = stored["rows"]
    for key in ("macs", "stored", "bytes_moved"):
        assert {"value", "unit", "origin", "source"} <= row[key].keys()
    assert [finding["key"] for finding in stored["findings"]] == [
        "power",
        "hyperbola",
        "energy",
        "operations",
    ]
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in stored["figures"])
    assert "figures/time-operations.png" in stored["figures"]


def test_a_reading_that_does_not_count_is_missing_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(run: object, meter: Meter) -> Consumption:
        if next(calls) == 1:
            raise MeterError("The energy does not count: idle power drifted.")
        return modelled(Quantity(value=1.0, unit="s", origin="measured", source="no clock"), 3.0)

    log, path = tmp_path / "power.csv", tmp_path / "net.onnx"
    log.write_text("time_s,power_w\n0,2\n1,2\n2,2\n", encoding="utf-8")
    path.write_bytes(small_file())
    monkeypatch.setattr(measuring, "measured", measured)
    for refused in (0, 1):
        calls = iter([int(place == refused) for place in (0, 1)])
        out = tmp_path / f"out{refused}"
        options = FAST.model_copy(update={"meter": f"replay:{log}"})
        found = study([str(path)], options, out)
        (row,) = found.rows
        assert list(row.energy) == list(row.power) == [(3, 1)[refused]]
        assert any("idle power drifted" in note for note in row.notes)
        assert "idle power drifted" in write_study(found, options, out)


def test_rows_with_an_accuracy_follow_the_images(tmp_path: Path, quick: list[int]) -> None:
    path, images = tmp_path / "net.onnx", tmp_path / "images"
    path.write_bytes(small_file())
    for place, size in enumerate([4, 5, 5]):
        for name in ("a", "b"):
            (images / name).mkdir(parents=True, exist_ok=True)
            if place < 2:
                Image.new("RGB", (8 * size, 8)).save(images / name / f"{place}.png")
        study([str(path)], FAST.model_copy(update={"data": str(images)}), tmp_path / "out")
    assert quick == [1, 3] * 2  # again after the second image came, and not a third time


def test_a_meter_that_tells_later_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="only after the measurement"):
        study(["alexnet"], Options(meter="log:power.csv"), tmp_path)


def test_a_row_of_another_format_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text('{"format": 2}', encoding="utf-8")
    assert load_row(tmp_path / "row.json", "") is None
