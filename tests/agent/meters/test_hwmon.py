from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock
from tests.test_machine import write
from wattnas.agent.meters import sysfs
from wattnas.agent.meters.hwmon import open_hwmon
from wattnas.errors import MeterError

SENSORS = "sys/class/hwmon"


def sensor(root: Path, place: str, **files: object) -> None:
    for name, content in files.items():
        write(root, f"{SENSORS}/{place}/{name}", f"{content}\n")


def orin_nx(root: Path) -> None:
    """An INA3221 as the kernel shows it on a Jetson Orin NX: three rails, shunt voltages, and sums."""
    rails = (("VDD_IN", 5000, 1200), ("VDD_CPU_GPU_CV", 4976, 300), ("VDD_SOC", 4984, 304))
    for number, (label, millivolts, milliamperes) in enumerate(rails, 1):
        channel = {"label": label, "input": millivolts, "enable": 1}
        sensor(root, "hwmon4", **{f"in{number}_{key}": value for key, value in channel.items()})
        sensor(root, "hwmon4", **{f"curr{number}_input": milliamperes, f"curr{number}_max": 32_760})
    sums = {"in7_label": "sum of shunt voltages", "in7_input": 8080, "curr4_input": 1804}
    sensor(root, "hwmon4", name="ina3221", in4_input=6000, in5_input=1500, in6_input=1520, **sums)


def watts(root: Path, label: str | None = None) -> float:
    meter = open_hwmon(label, root)
    try:
        meter.start()
        reading = meter.stop()
        return reading.joules / reading.seconds
    finally:
        meter.close()


class TestHwmonPower(MeterContract):
    name = "hwmon"

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        sensor(tmp_path, "hwmon0", name="ina226", power1_input=4_113_120, curr1_input=820, in1_input=5016)

        def break_it() -> None:
            sensor(tmp_path, "hwmon0", power1_input="?")

        return Rig(open_hwmon(None, tmp_path), lambda reading: 4.11312 * reading.seconds, break_it=break_it)


class TestHwmonEnergy(MeterContract):
    name = "hwmon"

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        sensor(tmp_path, "hwmon0", name="ina238", energy1_input=500, power1_input=1)
        count = [500]

        def use() -> None:
            count[0] += 2_000_000
            sensor(tmp_path, "hwmon0", energy1_input=count[0])

        def break_it() -> None:
            (tmp_path / SENSORS / "hwmon0/energy1_input").unlink()

        return Rig(open_hwmon(None, tmp_path), lambda _: 2.0, use, break_it)


def test_an_ina219_by_current_and_voltage(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon2", name="ina219", in0_input=9, in1_input=5100, curr1_input=900)
    assert watts(tmp_path) == pytest.approx(5.1 * 0.9)


def test_the_rail_that_feeds_a_jetson_is_taken_alone(tmp_path: Path) -> None:
    orin_nx(tmp_path)
    meter = open_hwmon(None, tmp_path)
    assert meter.domain == "ina3221 VDD_IN"
    assert watts(tmp_path) == pytest.approx(5.0 * 1.2)


def test_rails_are_added_by_label(tmp_path: Path) -> None:
    orin_nx(tmp_path)
    assert watts(tmp_path, "VDD_CPU_GPU_CV+ina3221 VDD_SOC") == pytest.approx(4.976 * 0.3 + 4.984 * 0.304)


def test_shunt_voltages_and_sums_are_no_rails(tmp_path: Path) -> None:
    orin_nx(tmp_path)
    with pytest.raises(MeterError) as caught:
        open_hwmon("sum of shunt voltages", tmp_path)
    assert caught.value.hint == "There is: ina3221 VDD_IN, ina3221 VDD_CPU_GPU_CV, ina3221 VDD_SOC."


def test_rails_without_a_common_one_are_not_guessed(tmp_path: Path) -> None:
    for number, label in enumerate(("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"), 1):
        files = {f"in{number}_label": label, f"in{number}_input": 5000, f"curr{number}_input": 100}
        sensor(tmp_path, "hwmon3", name="ina3221", **files)
    with pytest.raises(
        MeterError, match="several sensors: ina3221 VDD_GPU_SOC, ina3221 VDD_CPU_CV"
    ) as caught:
        open_hwmon(None, tmp_path)
    assert "hwmon:label=VDD_GPU_SOC" in caught.value.hint


def test_channels_that_are_off_or_not_connected_are_left_out(tmp_path: Path) -> None:
    first = {"in1_label": "NC", "in1_input": 0, "curr1_input": 0}
    off = {"in3_label": "OFF", "in3_input": 1, "curr3_input": 1, "in3_enable": 0}
    sensor(
        tmp_path, "hwmon4", name="ina3221", in2_label="VDDQ", in2_input=5000, curr2_input=80, **first, **off
    )
    assert open_hwmon(None, tmp_path).domain == "ina3221 VDDQ"


def test_the_only_current_monitor_is_taken_among_other_sensors(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="amdgpu", power1_average=9_000_000)
    sensor(tmp_path, "hwmon1", name="ina219", power1_input=3_000_000)
    assert watts(tmp_path) == pytest.approx(3.0)


def test_a_sensor_of_something_else_is_not_taken_on_its_own(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="amdgpu", power1_average=9_000_000, power1_label="PPT")
    with pytest.raises(MeterError, match="do not say what they cover: amdgpu PPT"):
        open_hwmon(None, tmp_path)
    assert watts(tmp_path, "PPT") == pytest.approx(9.0)


def test_a_current_without_its_voltage_is_no_power(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina219", curr1_input=900)
    with pytest.raises(MeterError, match="has an energy, power or current input"):
        open_hwmon(None, tmp_path)


def test_a_thermometer_is_no_power_sensor(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="cpu_thermal", temp1_input=42_000)
    with pytest.raises(MeterError, match="No sensor"):
        open_hwmon(None, tmp_path)


def test_two_sensors_of_one_label_must_be_told_apart(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina219", power1_input=1)
    sensor(tmp_path, "hwmon1", name="ina226", power1_input=2)
    with pytest.raises(MeterError, match="2 sensors are called 'power1'"):
        open_hwmon("power1", tmp_path)
    assert watts(tmp_path, "ina226 power1") == pytest.approx(2e-6)


def test_a_rail_named_twice_is_not_added_twice(tmp_path: Path) -> None:
    orin_nx(tmp_path)
    with pytest.raises(MeterError, match="twice"):
        open_hwmon("VDD_IN+ina3221 VDD_IN", tmp_path)


def test_energy_and_power_are_not_mixed(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="a", energy1_input=1)
    sensor(tmp_path, "hwmon1", name="b", power1_input=1)
    with pytest.raises(MeterError, match="one counts energy"):
        open_hwmon("energy1+power1", tmp_path)


def test_a_current_that_flows_backwards_is_a_wiring_error(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina219", in1_input=5100, curr1_input=-900)
    with pytest.raises(MeterError, match="backwards") as caught:
        open_hwmon(None, tmp_path)
    assert "Swap" in caught.value.hint


def test_garbage_is_an_error(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina219", power1_input="garbage")
    with pytest.raises(MeterError, match="holds no number"):
        open_hwmon(None, tmp_path)


def test_permission_denied_says_how_to_grant_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    sensor(tmp_path, "hwmon0", name="ina219", power1_input=5)
    monkeypatch.setattr(sysfs, "read_text", denied)
    with pytest.raises(MeterError, match="permission denied") as caught:
        open_hwmon(None, tmp_path)
    assert "udev" in caught.value.hint


def test_a_counter_that_goes_backwards_is_an_error(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina238", energy1_input=500)
    clock = FakeClock()
    meter = open_hwmon(None, tmp_path, clock)
    meter.start()
    clock.sleep(1.0)
    sensor(tmp_path, "hwmon0", energy1_input=3)
    with pytest.raises(MeterError, match="went backwards"):
        meter.stop()
