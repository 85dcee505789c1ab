from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.agent.meters.test_rapl import zone
from tests.test_machine import CPUINFO, write
from wattnas.agent.meters import probes
from wattnas.device import Finding, diagnose, diagnose_device
from wattnas.device import doctor as module
from wattnas.device.doctor import METERS
from wattnas.device.link import LocalLink
from wattnas.device.link.replies import Problem
from wattnas.device.measured import LinkedDevice

GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"


def finding(name: str, root: Path) -> Finding:
    (found,) = [each for each in diagnose(root) if each.name == name]
    return found


def test_everything_is_looked_at_once(tmp_path: Path) -> None:
    names = [each.name for each in diagnose(tmp_path)]
    assert len(set(names)) == len(names)
    for name in ("Python", "torch", "onnxruntime", "processor", "memory", "accelerator (CUDA)", "latency"):
        assert name in names
    assert [name for name in names if name.startswith("energy: ")] == [
        f"energy: {name}" for name in METERS.values()
    ]


def test_meters_stand_in_the_order_in_which_they_are_tried(tmp_path: Path) -> None:
    assert list(METERS) == [name for name, _ in probes(tmp_path)]


def test_a_meter_that_can_be_read_is_available(tmp_path: Path) -> None:
    zone(tmp_path)
    found = finding("energy: Linux powercap (rapl)", tmp_path)
    assert found.available and "package-0" in found.detail


def test_what_is_not_available_says_why_and_what_to_do(tmp_path: Path) -> None:
    for each in diagnose(tmp_path):
        assert each.detail
        assert each.available or each.hint


def test_latency_can_always_be_measured(tmp_path: Path) -> None:
    assert finding("latency", tmp_path).available


def test_the_processor_is_read_under_the_root(tmp_path: Path) -> None:
    write(tmp_path, "proc/cpuinfo", CPUINFO)
    assert "Example CPU 9000" in finding("processor", tmp_path).detail
    assert "avx avx2 avx512f" in finding("processor", tmp_path).detail


@pytest.mark.parametrize(
    ("governor", "available", "hint"),
    [("performance", True, ""), ("powersave", True, "performance"), (None, False, "idle")],
)
def test_a_governor_that_changes_the_clock_brings_advice(
    tmp_path: Path, governor: str | None, available: bool, hint: str
) -> None:
    if governor is not None:
        write(tmp_path, GOVERNOR, f"{governor}\n")
    found = finding("frequency scaling", tmp_path)
    assert found.available is available
    assert hint in found.hint
    assert bool(hint) == bool(found.hint)


def test_a_package_that_does_not_load_is_not_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("libfoo.so.1:\ncannot open shared object file")

    monkeypatch.setattr(module, "onnxruntime", broken)
    found = finding("onnxruntime", tmp_path)
    assert not found.available
    assert "libfoo.so.1: cannot open shared object file" in found.detail
    assert "pip install" in found.hint


def test_an_accelerator_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_available=lambda: True, get_device_name=lambda index: f"Example GPU {index}")
    torch = SimpleNamespace(cuda=cuda, __version__="9.9")
    monkeypatch.setattr(module, "import_module", lambda name: torch)
    found = finding("accelerator (CUDA)", tmp_path)
    assert (found.available, found.detail) == (True, "Example GPU 0")


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> LinkedDevice:
    return LinkedDevice(LocalLink(tmp_path_factory.mktemp("agent")), "local")


def test_a_device_says_what_it_runs_and_which_meters_it_has(device: LinkedDevice) -> None:
    found = {finding.name: finding for finding in diagnose_device(device)}
    assert "onnxruntime 1." in found["agent"].detail
    assert found["measuring"] == ("measuring", True, "wattnas profile --device local", "")
    meters = [name for name in found if name.startswith("energy: ")]
    assert len(meters) == len(probes())
    assert [found[name].available for name in meters] == [probe.available for _, probe in probes()]


def test_what_stands_in_the_way_is_a_finding(device: LinkedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    hello = device.hello().model_copy(
        update={"problems": (Problem(message="No numpy.", hint="Install it."),)}
    )
    monkeypatch.setattr(device, "hello", lambda: hello)
    found = {finding.name: finding for finding in diagnose_device(device)}
    assert found["measuring"] == ("measuring", False, "No numpy.", "Install it.")
