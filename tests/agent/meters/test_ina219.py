from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from wattnas.agent.meters import ina219
from wattnas.agent.meters.base import Hiccup
from wattnas.agent.meters.ina219 import Wiring, open_ina219
from wattnas.errors import ConfigError, MeterError


class Chip:
    """An INA219 by its datasheet, over a 0.1 ohm shunt, as `smbus2` talks to it (low byte first)."""

    def __init__(self, volts: float = 5.0, amperes: float = 0.8) -> None:
        self.volts = volts
        self.amperes = amperes
        self.registers = {0: 0x399F, 5: 0}
        self.overflow = 0
        self.keeps = True
        self.error: OSError | None = None
        self.writes: list[int] = []
        self.closed = False

    def read_word_data(self, address: int, register: int) -> int:
        if self.error is not None or address != 0x40:
            raise self.error or OSError(121, "Remote I/O error")
        word = {2: round(self.volts / 0.004) << 3 | self.overflow, 4: self.current()}.get(register)
        return swap(self.registers[register] if word is None else word)

    def current(self) -> int:
        """Datasheet, equation 4: current = shunt counts of 10 uV * calibration / 4096."""
        shunt = max(-32_000, min(32_000, round(self.amperes * 0.1 / 10e-6)))
        return int(shunt * self.registers[5] / 4096) & 0xFFFF

    def write_word_data(self, address: int, register: int, word: int) -> None:
        self.writes.append(register)
        if self.keeps:
            self.registers[register] = swap(word)

    def close(self) -> None:
        self.closed = True


def swap(word: int) -> int:
    return int.from_bytes(word.to_bytes(2, "big"), "little")


@pytest.fixture
def chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chip:
    found = Chip()
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/i2c-1").touch()
    monkeypatch.setattr(ina219, "_PERIOD_S", 0.001)
    monkeypatch.setitem(sys.modules, "smbus2", SimpleNamespace(SMBus=lambda device: found))
    return found


class TestIna219(MeterContract):
    name = "ina219"

    @pytest.fixture
    def rig(self, chip: Chip, tmp_path: Path) -> Rig:
        def break_it() -> None:
            chip.error = OSError(121, "Remote I/O error")

        meter = open_ina219(Wiring(), tmp_path)
        # 0.8 A is 8000 counts; 8000 * 4194 / 4096 = 8191 counts of 0.32 / 0.1 / 32768 A
        amperes = 8191 * 3.2 / 32768
        return Rig(meter, lambda reading: 5.0 * amperes * reading.seconds, break_it=break_it)


def test_power_is_right_within_a_count(chip: Chip, tmp_path: Path) -> None:
    meter = open_ina219(Wiring(), tmp_path)
    for chip.volts, chip.amperes in ((5.1, 0.301), (12.0, 1.5), (3.3, 3.19)):
        meter.start()
        reading = meter.stop()
        watts = reading.joules / reading.seconds
        assert watts == pytest.approx(chip.volts * chip.amperes, abs=chip.volts * 1e-4 + 0.002 * chip.amperes)
    meter.close()
    assert chip.closed


@pytest.mark.parametrize(("shunt", "calibration"), [(0.1, 4194), (0.01, 4194), (0.05, 4194)])
def test_the_calibration_of_the_datasheet(shunt: float, calibration: int) -> None:
    # 0.04096 / (current_lsb * shunt), current_lsb = 0.32 V / shunt / 2^15
    assert Wiring(shunt=shunt).calibration == calibration


def test_an_overflow_is_an_error(chip: Chip, tmp_path: Path) -> None:
    meter = open_ina219(Wiring(), tmp_path)
    meter.start()
    chip.overflow = 1
    with pytest.raises(MeterError, match=r"beyond its range of 3\.2 A"):
        meter.stop()


@pytest.mark.parametrize("amperes", [3.2, 5.0, -4.0])
def test_a_shunt_at_full_scale_is_an_error_even_without_the_bit(
    chip: Chip, tmp_path: Path, amperes: float
) -> None:
    meter = open_ina219(Wiring(), tmp_path)
    meter.start()
    chip.amperes = amperes
    with pytest.raises(MeterError, match="beyond its range"):
        meter.stop()


def test_a_chip_that_lost_its_calibration_is_no_zero(chip: Chip, tmp_path: Path) -> None:
    meter = open_ina219(Wiring(), tmp_path)
    meter.start()
    chip.registers = {0: 0x399F, 5: 0}  # as after power on: the current register reads 0
    with pytest.raises(MeterError, match="lost its calibration"):
        meter.stop()


def test_swapped_wires_are_told(chip: Chip, tmp_path: Path) -> None:
    chip.amperes = -0.8
    with pytest.raises(MeterError, match="backwards") as caught:
        open_ina219(Wiring(), tmp_path)
    assert "VIN+" in caught.value.hint
    assert chip.closed


def test_a_chip_that_keeps_nothing_is_another_one(chip: Chip, tmp_path: Path) -> None:
    chip.keeps = False
    with pytest.raises(MeterError, match="does not keep"):
        open_ina219(Wiring(), tmp_path)


def test_a_chip_that_nobody_named_is_written_to_only_when_fresh(chip: Chip, tmp_path: Path) -> None:
    chip.registers[0] = 0x1104  # a PCA9685 lives at the same address
    with pytest.raises(MeterError, match="is no INA219 just switched on"):
        open_ina219(Wiring(), tmp_path, fresh_only=True)
    assert chip.writes == []
    chip.registers[0] = 0x399F
    open_ina219(Wiring(), tmp_path, fresh_only=True).close()
    open_ina219(Wiring(), tmp_path, fresh_only=True).close()  # as we left it


def test_no_answer_is_told(chip: Chip, tmp_path: Path) -> None:
    with pytest.raises(Hiccup, match=r"No chip answers at .*0x41"):
        open_ina219(Wiring(address=0x41), tmp_path)


def test_a_chip_that_the_kernel_holds(chip: Chip, tmp_path: Path) -> None:
    chip.error = OSError(16, "Device or resource busy")
    with pytest.raises(MeterError, match="driver of the kernel") as caught:
        open_ina219(Wiring(), tmp_path)
    assert "hwmon" in caught.value.hint


def test_a_bus_that_is_off(chip: Chip, tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="i2c-7") as caught:
        open_ina219(Wiring(bus=7), tmp_path)
    assert "raspi-config" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError(13, "no"), "permission denied"), (OSError(5, "no"), "cannot be opened")],
)
def test_a_bus_that_refuses(
    chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def refuse(device: str) -> Chip:
        raise error

    monkeypatch.setitem(sys.modules, "smbus2", SimpleNamespace(SMBus=refuse))
    with pytest.raises(MeterError, match=words):
        open_ina219(Wiring(), tmp_path)


def test_without_the_package_the_hint_names_it(
    chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smbus2", None)
    with pytest.raises(MeterError, match="smbus2") as caught:
        open_ina219(Wiring(), tmp_path)
    assert "pip install smbus2" in caught.value.hint


@pytest.mark.parametrize(
    "wiring", [Wiring(bus=-1), Wiring(address=0x20), Wiring(shunt=0.0), Wiring(shunt=float("nan"))]
)
def test_a_wiring_that_cannot_be(wiring: Wiring, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be"):
        open_ina219(wiring, tmp_path)
