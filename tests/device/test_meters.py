from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.test_machine import write
from wattnas.device import meters
from wattnas.device.meters import Probe, probe_hwmon, probe_nvml, probe_rapl

PACKAGE = "sys/class/powercap/intel-rapl:0"
SENSOR = "sys/class/hwmon/hwmon0"


def rapl(root: Path, energy: str = "123456\n", zone: str = PACKAGE, name: str = "package-0\n") -> None:
    write(root, f"{zone}/name", name)
    write(root, f"{zone}/energy_uj", energy)


def test_a_readable_package_counter_is_available(tmp_path: Path) -> None:
    rapl(tmp_path)
    assert probe_rapl(tmp_path) == Probe(True, "readable: package-0")


def test_a_missing_counter_says_so(tmp_path: Path) -> None:
    found = probe_rapl(tmp_path)
    assert not found.available
    assert "no intel-rapl zone" in found.detail
    assert "model energy from stated watts" in found.hint


@pytest.mark.parametrize("text", ["", "garbage", "1.5", "ü"])
def test_a_counter_that_holds_garbage_is_not_available(tmp_path: Path, text: str) -> None:
    rapl(tmp_path, energy=text)
    found = probe_rapl(tmp_path)
    assert (found.available, found.detail) == (False, "package-0: holds no number")
    assert found.hint


def test_a_counter_without_its_file_is_not_available(tmp_path: Path) -> None:
    write(tmp_path, f"{PACKAGE}/name", "package-0\n")
    found = probe_rapl(tmp_path)
    assert (found.available, found.detail) == (False, "package-0: No such file or directory")


def test_permission_denied_says_how_to_grant_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    rapl(tmp_path)
    monkeypatch.setattr(meters, "read_counter", denied)  # file modes do not stop root
    found = probe_rapl(tmp_path)
    assert (found.available, found.detail) == (False, "package-0: permission denied")
    assert "chmod a+r /sys/class/powercap" in found.hint


def test_one_good_counter_is_enough_and_the_bad_one_is_named(tmp_path: Path) -> None:
    rapl(tmp_path)
    rapl(tmp_path, energy="?", zone="sys/class/powercap/intel-rapl:1", name="package-1\n")
    assert probe_rapl(tmp_path) == Probe(True, "readable: package-0; package-1: holds no number")


def test_a_zone_without_a_name_goes_by_its_folder(tmp_path: Path) -> None:
    write(tmp_path, f"{PACKAGE}/energy_uj", "1")
    assert probe_rapl(tmp_path).detail == "readable: intel-rapl:0"


@pytest.mark.parametrize("name", ["energy1_input", "power1_input", "power1_average", "curr1_input"])
def test_a_power_sensor_is_available(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{SENSOR}/name", "ina219\n")
    write(tmp_path, f"{SENSOR}/{name}", "1500000\n")
    assert probe_hwmon(tmp_path) == Probe(True, f"readable: ina219 {name}")


def test_a_thermometer_is_no_power_sensor(tmp_path: Path) -> None:
    write(tmp_path, f"{SENSOR}/temp1_input", "42000\n")
    assert not probe_hwmon(tmp_path).available


class NVMLError(Exception):
    pass


def refused(*_: object) -> int:
    raise NVMLError("Not Supported")


def install(monkeypatch: pytest.MonkeyPatch, **changes: Callable[..., object]) -> list[str]:
    """A stand-in for `pynvml` with one GPU; returns a list that notes its shutdown."""
    closed: list[str] = []
    working: dict[str, Callable[..., object]] = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: closed.append("closed"),
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: "Example GPU",
        "nvmlDeviceGetTotalEnergyConsumption": lambda handle: 12345,
        "nvmlDeviceGetPowerUsage": lambda handle: 50_000,
    }
    stand_in = SimpleNamespace(NVMLError=NVMLError, **{**working, **changes})
    monkeypatch.setitem(sys.modules, "pynvml", stand_in)
    return closed


def test_a_gpu_is_read_not_only_found(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = install(monkeypatch)
    assert probe_nvml() == Probe(True, "readable: GPU 0 (Example GPU) energy")
    assert closed == ["closed"]


def test_a_gpu_without_an_energy_counter_may_give_power(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, nvmlDeviceGetTotalEnergyConsumption=refused)
    assert probe_nvml() == Probe(True, "readable: GPU 0 (Example GPU) power")


def test_a_gpu_that_gives_neither_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = install(
        monkeypatch, nvmlDeviceGetTotalEnergyConsumption=refused, nvmlDeviceGetPowerUsage=refused
    )
    found = probe_nvml()
    assert (found.available, found.detail) == (False, "GPU 0 (Example GPU): Not Supported")
    assert closed == ["closed"]


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlDeviceGetCount"])
def test_a_broken_driver_is_reported(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    install(monkeypatch, **{call: refused})
    found = probe_nvml()
    assert not found.available
    assert "Not Supported" in found.detail
    assert "nvidia-smi" in found.hint


def test_no_gpu_at_all_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, nvmlDeviceGetCount=lambda: 0)
    assert not probe_nvml().available


def test_without_the_package_the_hint_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = probe_nvml()
    assert not found.available
    assert "nvidia-ml-py" in found.hint
