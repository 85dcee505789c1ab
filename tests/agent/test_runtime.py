"""ONNX Runtime as it is deployed, and the cores it is kept on."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.export.models import pixels_file
from wattnas.agent import runtime
from wattnas.agent.runtime import open_session, pin, runner
from wattnas.device.null import null_model
from wattnas.errors import ConfigError, DeviceError


@pytest.mark.parametrize(("stated", "found"), [(None, "1"), ("0", "0")])
def test_telemetry_is_off_before_the_runtime_is_imported_unless_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, stated: str | None, found: str
) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", stated or "")
    if stated is None:
        monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    seen: list[tuple[str, str | None]] = []

    def fake_import(name: str) -> ModuleType:
        seen.append((name, os.environ.get("ORT_DISABLE_TELEMETRY")))
        return ModuleType(name)

    monkeypatch.setattr(runtime, "import_module", fake_import)
    runtime.onnxruntime()
    assert seen == [("onnxruntime", found)]


def test_a_device_without_the_runtime_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake_import(name: str) -> ModuleType:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(runtime, "import_module", fake_import)
    with pytest.raises(DeviceError, match="No module named 'onnxruntime'") as caught:
        runtime.onnxruntime()
    assert "pip install onnxruntime" in caught.value.hint


def test_a_session_has_the_threads_it_was_given_and_the_default_optimisation() -> None:
    session = open_session(null_model((1, 1, 2, 2)), threads=2)
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.graph_optimization_level == runtime.onnxruntime().GraphOptimizationLevel.ORT_ENABLE_ALL
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize("model", [b"", b"no model", pixels_file()[:-20], pixels_file()[:40]])
def test_a_refused_model_ends_in_one_line_that_names_it(
    model: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DeviceError, match=r"does not load block\.onnx: ") as caught:
        open_session(model, 1, "block.onnx")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_start_at_one(threads: int) -> None:
    with pytest.raises(ConfigError, match="threads cannot run"):
        open_session(pixels_file(), threads)


def ran(model: bytes, **options: int) -> Any:
    return runner(open_session(model, 1), **options)()


def test_a_runner_feeds_a_batch_of_the_shape_that_the_network_takes() -> None:
    """These networks answer with their own pixels, so that the fed ones can be seen."""
    (one,) = ran(pixels_file(5))
    (three,) = ran(pixels_file(5), batch=3)
    assert (one.shape, three.shape) == ((1, 5), (3, 5))
    assert len(np.unique(three)) == 15
    assert 0 <= three.min() < three.max() < 1
    assert np.array_equal(three, ran(pixels_file(5), batch=3)[0])


def test_a_network_with_open_sides_cannot_be_timed() -> None:
    with pytest.raises(DeviceError, match=r"'height'.* cannot be timed"):
        ran(pixels_file(shape=("batch", 1, "height", 3)))


class Cores:
    """A machine that may use some cores, and what it was pinned to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, allowed: set[int]) -> None:
        self.pinned: list[list[int]] = []
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: allowed, raising=False)
        monkeypatch.setattr(os, "sched_setaffinity", self.set, raising=False)

    def set(self, process: int, cores: list[int]) -> None:
        assert process == 0
        self.pinned.append(sorted(cores))


def speeds(root: Path, name: str, values: list[int | str]) -> Path:
    """A system whose core k says `values[k]` in the file `name`."""
    for core, value in enumerate(values):
        path = root / f"sys/devices/system/cpu/cpu{core}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return root


@pytest.mark.parametrize(
    ("allowed", "threads", "cores"),
    [
        ({0, 1, 2, 3, 4, 5}, 1, [4]),
        ({0, 1, 2, 3, 4, 5}, 2, [3, 4]),
        ({0, 1, 2}, 1, [2]),  # the fast ones are others' to use
        ({0, 1, 5}, 2, [1, 5]),
        ({1, 3}, 8, [1, 3]),
    ],
)
@pytest.mark.parametrize("name", ["cpu_capacity", "cpufreq/cpuinfo_max_freq"])
def test_the_fastest_allowed_cores_are_taken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    allowed: set[int],
    threads: int,
    cores: list[int],
    name: str,
) -> None:
    machine = Cores(monkeypatch, allowed)
    root = speeds(tmp_path, name, [400, 400, 400, 900, 1024, 401])
    assert pin(threads, root) == cores
    assert machine.pinned == [cores]


def test_capacity_goes_before_frequency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cores may well have the higher clock."""
    Cores(monkeypatch, {0, 1})
    speeds(tmp_path, "cpufreq/cpuinfo_max_freq", [1_800_000, 2_000_000])
    assert pin(1, speeds(tmp_path, "cpu_capacity", [1024, 500])) == [0]


def test_among_equals_and_unknowns_the_last_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system puts its own work on the first."""
    Cores(monkeypatch, {0, 1, 2})
    assert pin(2, tmp_path) == [1, 2]
    assert pin(1, speeds(tmp_path, "cpu_capacity", ["fast", "", "\u00b5"])) == [2]


def test_where_it_cannot_be_pinned_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int, cores: list[int]) -> None:
        raise PermissionError

    Cores(monkeypatch, {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert pin(1, tmp_path) == []
    monkeypatch.delattr(os, "sched_getaffinity")
    assert pin(1, tmp_path) == []
