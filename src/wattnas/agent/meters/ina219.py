"""A Texas Instruments INA219 on an I2C bus, driven by its registers (package `smbus2`).

Source: TI datasheet SBOS448G. Registers are 16 bits, high byte first: 0 configuration, 2 bus voltage (bits 15
to 3, 4 mV each; bit 0 OVF, set when a calculation overflowed), 4 current (signed), 5 calibration. With a
calibration of trunc(0.04096 / (current_lsb * shunt)), the current register counts `current_lsb` amperes;
without one it reads 0, which is why a chip that lost its calibration is an error.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from wattnas.agent.meters.base import NO_METER, Clock, Hiccup
from wattnas.agent.meters.power import PowerMeter
from wattnas.errors import ConfigError, MeterError

_CONFIG, _BUS, _CURRENT, _CALIBRATION = 0, 2, 4, 5
_AT_POWER_ON = 0x399F
_OURS = 0x3FFF  # 32 V, +-320 mV over the shunt, means of 128 samples of both (68 ms each), continuously
_FULL_SCALE_V = 0.32  # over the shunt
_CLIPPED = 32_000  # counts of 10 uV over the shunt at full scale
_PERIOD_S = 0.15  # two conversions of 68 ms


class Wiring(NamedTuple):
    """Where the chip is and what it measures over.

    Attributes:
        bus: number of the I2C bus: 1 is /dev/i2c-1.
        address: 0x40 to 0x4f, set by the pads A0 and A1.
        shunt: ohms of the resistor that the current flows through; 0.1 on common boards (marked R100).
    """

    bus: int = 1
    address: int = 0x40
    shunt: float = 0.1

    @property
    def place(self) -> str:
        """Bus and address in words."""
        return f"/dev/i2c-{self.bus}, address 0x{self.address:02x}"

    @property
    def current_lsb(self) -> float:
        """Amperes of one count, so that the register's range is the shunt's at full scale."""
        return _FULL_SCALE_V / self.shunt / 32_768

    @property
    def calibration(self) -> int:
        """What register 5 must hold: the same for every shunt, as the range scales with it."""
        return int(0.04096 / (self.current_lsb * self.shunt)) & 0xFFFE


_COMMON = Wiring()


def open_ina219(
    wiring: Wiring = _COMMON,
    root: Path = Path("/"),
    clock: Clock = time.monotonic,
    fresh_only: bool = False,
) -> PowerMeter:
    """A meter of the chip at `wiring`, set up and read once.

    Args:
        wiring: see `Wiring`.
        root: where `dev` is.
        clock: seconds, never backwards.
        fresh_only: refuse a chip that looks like another one; nothing is written to it then. Other chips live
            at the same address.

    Raises:
        ConfigError: a wiring that cannot be.
        MeterError: no package, bus or chip, or one that does not do as an INA219 does.
    """
    if not (0 <= wiring.bus < 256 and 0x40 <= wiring.address <= 0x4F and 1e-4 <= wiring.shunt <= 10):
        raise ConfigError(
            f"{wiring} cannot be the wiring of an INA219.",
            "Buses count from 0, addresses are 0x40 to 0x4f, the shunt has 0.0001 to 10 ohms.",
        )
    chip = _Chip(_bus(wiring, root), wiring)
    try:
        chip.set_up(fresh_only)
        chip.watts()
    except BaseException:
        chip.close()
        raise
    domain = f"what flows through the INA219 at {wiring.place}"
    return PowerMeter("ina219", domain, chip.watts, _PERIOD_S, clock=clock, release=chip.close)


def _bus(wiring: Wiring, root: Path) -> Any:
    device = root / f"dev/i2c-{wiring.bus}"
    if not device.exists():
        raise MeterError(
            f"There is no {device}: the I2C bus is not switched on.",
            "Raspberry Pi: sudo raspi-config nonint do_i2c 0. Elsewhere: load i2c-dev, or name another bus.",
        )
    try:
        smbus2 = import_module("smbus2")
    except ImportError as error:
        raise MeterError(
            "The package smbus2 is not installed.",
            "Where this runs: python3 -m pip install smbus2 (extra `i2c`).",
        ) from error
    try:
        return smbus2.SMBus(str(device))
    except PermissionError as error:
        raise MeterError(
            f"{device}: permission denied.", "sudo usermod -aG i2c $USER, then log in again."
        ) from error
    except OSError as error:
        raise MeterError(f"{device} cannot be opened: {error}.", NO_METER) from error


class _Chip:
    """Registers of one chip."""

    def __init__(self, bus: Any, wiring: Wiring) -> None:
        self._bus = bus
        self._wiring = wiring

    def set_up(self, fresh_only: bool) -> None:
        """Write configuration and calibration, and read them back."""
        found = self._read(_CONFIG)
        if fresh_only and found not in (_AT_POWER_ON, _OURS):
            raise MeterError(
                f"A chip at {self._wiring.place} is no INA219 just switched on (it says 0x{found:04x}).",
                "If it is one, name it: --meter ina219.",
            )
        self._write(_CONFIG, _OURS)
        self._write(_CALIBRATION, self._wiring.calibration)
        if self._read(_CONFIG) != _OURS or self._read(_CALIBRATION) != self._wiring.calibration:
            raise MeterError(
                f"The chip at {self._wiring.place} does not keep what is written to it.",
                "It is no INA219, or the wiring is loose.",
            )
        time.sleep(_PERIOD_S)  # the first conversion

    def watts(self) -> float:
        """Voltage of the bus times the current through the shunt."""
        bus = self._read(_BUS)
        current = self._read(_CURRENT)
        amperes = (current - 0x10000 if current & 0x8000 else current) * self._wiring.current_lsb
        if bus & 1 or abs(amperes) >= _CLIPPED * 1e-5 / self._wiring.shunt * 0.999:
            most = _FULL_SCALE_V / self._wiring.shunt
            raise MeterError(
                f"The INA219 at {self._wiring.place} is beyond its range of {most:.3g} A.",
                "Use a smaller shunt (0.01 ohm reaches 32 A) and say so: ina219:shunt=0.01.",
            )
        if current == 0 and self._read(_CALIBRATION) != self._wiring.calibration:
            raise MeterError(
                f"The INA219 at {self._wiring.place} lost its calibration: its supply was interrupted.",
                "Check its 3.3 V line, and measure again.",
            )
        if amperes < -0.005 * _FULL_SCALE_V / self._wiring.shunt:
            raise MeterError(
                f"The INA219 at {self._wiring.place} reads {amperes:.3g} A: the current flows backwards.",
                "Swap VIN+ and VIN-: the supply goes to VIN+, the board to VIN-.",
            )
        return max(0.0, amperes) * (bus >> 3) * 0.004

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()

    def _read(self, register: int) -> int:
        word = self._call(self._bus.read_word_data, self._wiring.address, register)
        if not isinstance(word, int) or not 0 <= word <= 0xFFFF:
            raise MeterError(f"Register {register} of {self._wiring.place} reads {word!r}.", NO_METER)
        return _swapped(word)

    def _write(self, register: int, word: int) -> None:
        self._call(self._bus.write_word_data, self._wiring.address, register, _swapped(word))

    def _call(self, call: Callable[..., Any], *arguments: int) -> Any:
        try:
            return call(*arguments)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise MeterError(
                    f"A driver of the kernel holds the chip at {self._wiring.place}.", "Use --meter hwmon."
                ) from error
            raise Hiccup(
                f"No chip answers at {self._wiring.place}: {error.strerror or error}.",
                f"Check SDA, SCL, ground and 3.3 V; i2cdetect -y {self._wiring.bus} shows who is there.",
            ) from error


def _swapped(word: int) -> int:
    """SMBus sends the low byte first, this chip the high one."""
    return (word & 0xFF) << 8 | word >> 8
