from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock
from wattnas.agent.meters.nvml import open_nvml
from wattnas.agent.meters.power import PowerMeter
from wattnas.errors import MeterError


class NVMLError(Exception):
    pass


def refused(*_: object) -> int:
    raise NVMLError("Not Supported")


class Driver:
    """A stand-in for `pynvml`; counts how often it was shut down."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, count: int = 1, **changes: Callable[..., object]
    ) -> None:
        self.energy_mj = [12_345] * count
        self.closed = 0
        working: dict[str, object] = {
            "nvmlInit": lambda: None,
            "nvmlShutdown": self.shut_down,
            "nvmlDeviceGetCount": lambda: count,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetName": lambda handle: "Example GPU",
            "nvmlDeviceGetTotalEnergyConsumption": lambda handle: self.energy_mj[handle],
            "nvmlDeviceGetPowerUsage": lambda handle: 50_000,
        }
        self.module = SimpleNamespace(NVMLError=NVMLError, **{**working, **changes})
        monkeypatch.setitem(sys.modules, "pynvml", self.module)

    def shut_down(self) -> None:
        self.closed += 1

    def use(self) -> None:
        self.energy_mj = [energy + 30_000 for energy in self.energy_mj]


class TestNvmlEnergy(MeterContract):
    name = "nvml"

    @pytest.fixture
    def rig(self, monkeypatch: pytest.MonkeyPatch) -> Rig:
        driver = Driver(monkeypatch, count=2)

        def break_it() -> None:
            driver.module.nvmlDeviceGetTotalEnergyConsumption = refused

        return Rig(open_nvml(), lambda _: 60.0, driver.use, break_it)


class TestNvmlPower(MeterContract):
    name = "nvml"

    @pytest.fixture
    def rig(self, monkeypatch: pytest.MonkeyPatch) -> Rig:
        driver = Driver(monkeypatch, nvmlDeviceGetTotalEnergyConsumption=refused)

        def break_it() -> None:
            driver.module.nvmlDeviceGetPowerUsage = refused

        return Rig(open_nvml(), lambda reading: 50.0 * reading.seconds, break_it=break_it)


def test_one_gpu_of_several_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, clock = Driver(monkeypatch, count=2), FakeClock()
    meter = open_nvml(1, clock)
    assert meter.domain == "GPU 1 (Example GPU) with its memory, without the processor"
    meter.start()
    clock.sleep(1.0)
    driver.use()
    assert meter.stop().joules == pytest.approx(30.0)


def test_a_name_of_bytes_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(monkeypatch, nvmlDeviceGetName=lambda handle: b"Old GPU")
    assert "Old GPU" in open_nvml().domain


def test_power_in_place_of_energy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(monkeypatch, nvmlDeviceGetTotalEnergyConsumption=refused)
    meter = open_nvml()
    assert isinstance(meter, PowerMeter)
    meter.start()
    assert "no energy counter" in meter.stop().notes[0]
    meter.close()


def test_closing_shuts_the_driver_down(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(monkeypatch)
    open_nvml().close()
    assert driver.closed == 1


def test_a_driver_that_starts_and_refuses_is_not_a_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(monkeypatch, nvmlDeviceGetTotalEnergyConsumption=refused, nvmlDeviceGetPowerUsage=refused)
    with pytest.raises(MeterError, match=r"GPU 0 \(Example GPU\): Not Supported"):
        open_nvml()
    assert driver.closed == 1


@pytest.mark.parametrize(
    "call", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetName"]
)
def test_a_broken_driver_is_reported(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    Driver(monkeypatch, 1, **{call: refused})
    with pytest.raises(MeterError, match="Not Supported") as caught:
        open_nvml()
    assert "nvidia-smi" in caught.value.hint


@pytest.mark.parametrize(("count", "gpu"), [(0, None), (1, 3)])
def test_no_such_gpu_is_an_error(monkeypatch: pytest.MonkeyPatch, count: int, gpu: int | None) -> None:
    driver = Driver(monkeypatch, count)
    with pytest.raises(MeterError, match="NVML finds no GPU"):
        open_nvml(gpu)
    assert driver.closed == 1


@pytest.mark.parametrize("answer", [None, -1, "12", 1.5])
def test_an_answer_that_is_no_count_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    asked = lambda handle: answer  # noqa: E731
    Driver(monkeypatch, nvmlDeviceGetTotalEnergyConsumption=asked, nvmlDeviceGetPowerUsage=asked)
    with pytest.raises(MeterError, match="answers"):
        open_nvml()


def test_without_the_package_the_hint_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(MeterError) as caught:
        open_nvml()
    assert "nvidia-ml-py" in caught.value.hint
