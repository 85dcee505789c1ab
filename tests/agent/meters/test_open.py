from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.meters.test_hwmon import sensor
from tests.agent.meters.test_rapl import zone
from tests.test_machine import write
from wattnas.agent.meters import AUTO, open_meter, parse_spec, pmic, probes
from wattnas.agent.meters.log import LogMeter
from wattnas.agent.meters.open import OPTIONS
from wattnas.errors import ConfigError, MeterError


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pynvml", "smbus2", "zeus.monitor"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("spec", "name", "options"),
    [
        ("rapl", "rapl", {}),
        ("ina219:bus=3,address=0x41,shunt=.01", "ina219", {"bus": "3", "address": "0x41", "shunt": ".01"}),
        ("hwmon:label=VDD CPU+VDD_SOC", "hwmon", {"label": "VDD CPU+VDD_SOC"}),
        ("log:C:/a,b=c.csv", "log", {"path": "C:/a,b=c.csv"}),
    ],
)
def test_a_specification_is_taken_apart(spec: str, name: str, options: dict[str, str]) -> None:
    assert parse_spec(spec) == (name, options)


@pytest.mark.parametrize(
    "spec",
    [
        *(
            "",
            "nothing",
            "RAPL",
            "rapl:",
            "rapl:x=1",
            "log",
            "log:",
            "replay:",
            "log:a\0b",
            "auto:x",
            "ina219:bus",
        ),
        *("ina219:bus=", "ina219:bus=1,bus=2", "ina219:bus=one", "ina219:shunt=0,1", "ina219:address=0x99"),
        *("pmic:scale=nan", "pmic:scale=9", "nvml:gpu=-1", "ina219:bus=1_0", "ina219:shunt=1e-3"),
    ],
)
def test_a_specification_that_is_none(spec: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_meter(spec, tmp_path)


def test_auto_takes_the_first_that_can_be_read(tmp_path: Path) -> None:
    sensor(tmp_path, "hwmon0", name="ina219", power1_input=3_000_000)
    assert open_meter("auto", tmp_path).name == "hwmon"
    zone(tmp_path)
    assert open_meter("auto", tmp_path).name == "rapl"


def test_auto_tells_why_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="No energy meter can be read here") as caught:
        open_meter("auto", tmp_path)
    assert all(f"{name}: " in caught.value.message for name in AUTO)


def test_auto_does_not_touch_an_unknown_chip(tmp_path: Path) -> None:
    write(tmp_path, "dev/i2c-1", "")
    assert "smbus2" in dict(probes(tmp_path))["ina219"].detail


def test_a_log_is_not_opened_before_it_is_needed(tmp_path: Path) -> None:
    meter = open_meter(f"log:{tmp_path / 'later.csv'}")
    assert isinstance(meter, LogMeter) and meter.path == tmp_path / "later.csv"


def test_a_replay_is_read_at_once(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="cannot be read"):
        open_meter(f"replay:{tmp_path / 'none.csv'}")


def test_every_meter_is_probed_in_the_order_of_auto(tmp_path: Path) -> None:
    names = [name for name, _ in probes(tmp_path)]
    assert names[: len(AUTO)] == list(AUTO)
    assert set(names) == set(OPTIONS) - {"auto"}


def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    for name, probe in probes(tmp_path):
        assert not probe.available, name
        assert probe.detail and probe.hint and not probe.detail.endswith(".")


def test_what_can_be_read_says_what_it_covers(tmp_path: Path) -> None:
    zone(tmp_path)
    found = dict(probes(tmp_path))["rapl"]
    assert found == (True, "readable: processor package-0, without memory and board", "")


def test_the_firmware_is_asked_only_on_a_raspberry_pi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def firmware() -> str:
        asked.append("asked")
        return "VDD_CORE_A=1.0A\nVDD_CORE_V=0.9V\n"

    monkeypatch.setattr(pmic, "ask_firmware", firmware)
    assert dict(probes(tmp_path))["pmic"].detail == "This is no Raspberry Pi" and not asked
    write(tmp_path, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    assert dict(probes(tmp_path))["pmic"].available and asked


SPECS = st.one_of(
    st.text(max_size=30),
    st.tuples(st.sampled_from(["ina219", "pmic", "nvml", "hwmon", "rapl"]), st.text(max_size=20)).map(
        ":".join
    ),
    st.tuples(st.sampled_from(["bus", "address", "shunt"]), st.text("0123456789xXaf.-+e_,", max_size=8)).map(
        lambda pair: f"ina219:{'='.join(pair)}"
    ),
)


@settings(deadline=None)
@given(SPECS)
def test_any_text_is_a_meter_or_our_error(tmp_path_factory: pytest.TempPathFactory, spec: str) -> None:
    with suppress(ConfigError, MeterError):
        open_meter(spec, tmp_path_factory.getbasetemp() / "nothing").close()
