from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.meters.contract import MeterContract, Rig
from wattnas.agent.meters.base import Hiccup
from wattnas.agent.meters.pmic import Line, ask_firmware, open_pmic, parse_rails
from wattnas.errors import ConfigError, MeterError

# As a Raspberry Pi 5 prints it under load: indices of a pair differ, EXT5V and BATT have no current.
INDEXED = """ 3V7_WL_SW_A current(0)=0.00000000A
   3V3_SYS_A current(1)=0.06245952A
   1V8_SYS_A current(2)=0.16102850A
  DDR_VDD2_A current(3)=0.00780744A
  DDR_VDDQ_A current(4)=0.00000000A
   1V1_SYS_A current(5)=0.17566740A
    0V8_SW_A current(6)=0.32791250A
  VDD_CORE_A current(7)=10.87674000A
   3V3_DAC_A current(17)=0.00036630A
   3V3_ADC_A current(18)=0.00042735A
   0V8_AON_A current(16)=0.00579975A
      HDMI_A current(22)=0.01367520A
 3V7_WL_SW_V volt(8)=3.79999600V
   3V3_SYS_V volt(9)=3.30632200V
   1V8_SYS_V volt(10)=1.79828900V
  DDR_VDD2_V volt(11)=1.10292900V
  DDR_VDDQ_V volt(12)=0.60476130V
   1V1_SYS_V volt(13)=1.10439400V
    0V8_SW_V volt(14)=0.80256330V
  VDD_CORE_V volt(15)=0.89745940V
   3V3_DAC_V volt(20)=3.30494200V
   3V3_ADC_V volt(21)=3.30219400V
   0V8_AON_V volt(19)=0.79736190V
      HDMI_V volt(23)=5.07056000V
     EXT5V_V volt(24)=5.06788000V
      BATT_V volt(25)=3.01110800V
"""
# Sum of the twelve products, added up with awk.
INDEXED_W = 10.799894
PLAIN = """VDD_CORE_V=0.8750V
VDD_CORE_A=1.2000A
3V3_SYS_A=0.1000A
3V3_SYS_V=3.3000V
EXT5V_V=5.0588V
EXT5V_A=0.4294A
"""
PLAIN_W = 0.875 * 1.2 + 3.3 * 0.1
KINDS_ALONE = "VDD_CORE_A curr=2.0A\nVDD_CORE_V volt=0.9V\nEXT5V_V volt=5.10268V\n"


class TestPmic(MeterContract):
    name = "pmic"

    @pytest.fixture
    def rig(self) -> Rig:
        said = [PLAIN]

        def break_it() -> None:
            said[0] = 'error=1 error_msg="Command not registered"'

        meter = open_pmic(ask=lambda: said[0])
        return Rig(meter, lambda reading: PLAIN_W * reading.seconds, break_it=break_it)


@pytest.mark.parametrize(
    ("said", "count", "watts"), [(INDEXED, 12, INDEXED_W), (PLAIN, 2, PLAIN_W), (KINDS_ALONE, 1, 1.8)]
)
def test_all_rails_are_paired_by_name(said: str, count: int, watts: float) -> None:
    rails = parse_rails(said)
    assert len(rails) == count
    assert sum(rails.values()) == pytest.approx(watts, rel=1e-4)
    assert not {"EXT5V", "BATT"} & set(rails)


def test_the_order_of_lines_does_not_matter() -> None:
    assert parse_rails("\n".join(reversed(INDEXED.splitlines()))) == pytest.approx(parse_rails(INDEXED))


@pytest.mark.parametrize("cut", [3, 8, 12, 14, 20])
def test_a_list_that_was_cut_off_is_an_error(cut: int) -> None:
    with pytest.raises(MeterError):
        parse_rails("\n".join(INDEXED.splitlines()[:cut]))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "nothing of VDD_CORE"),
        ('error=1 error_msg="Command not registered"', "which is no reading"),
        (PLAIN.replace("1.2000A", "1.2000V"), "which is no reading"),
        (PLAIN.replace("1.2000A", "nanA"), "which is no reading"),
        (PLAIN.replace("1.2000A", "-1.2000A"), "which cannot be"),
        (PLAIN.replace("1.2000A", "9999A"), "which cannot be"),
        (PLAIN.replace("3V3_SYS_V=3.3000V\n", ""), "only one of current and voltage of 3V3_SYS"),
        (PLAIN + "VDD_CORE_A=1.2000A\n", "VDD_CORE_A twice"),
    ],
)
def test_what_is_no_list_of_rails(said: str, words: str) -> None:
    with pytest.raises(MeterError, match=words):
        parse_rails(said)


def test_what_is_not_measured_is_told() -> None:
    meter = open_pmic(ask=lambda: PLAIN)
    meter.start()
    reading = meter.stop()
    assert reading.notes == ("5 V loads (USB, fan, HATs) are not measured",)
    assert "without 5 V loads" in reading.domain


def test_a_correction_is_a_line_and_is_told() -> None:
    meter = open_pmic(Line(1.1327, 0.6444), ask=lambda: PLAIN)
    meter.start()
    reading = meter.stop()
    assert reading.joules / reading.seconds == pytest.approx(1.1327 * PLAIN_W + 0.6444)
    assert reading.notes[1] == "corrected: 1.1327 times the rails plus 0.6444 W"


@pytest.mark.parametrize("line", [Line(0.0, 0.0), Line(1.0, 100.0), Line(float("nan"), 0.0)])
def test_a_correction_that_cannot_be(line: Line) -> None:
    with pytest.raises(ConfigError):
        open_pmic(line, ask=lambda: PLAIN)


def test_rails_that_vanish_are_no_smaller_power() -> None:
    said = [PLAIN]
    meter = open_pmic(ask=lambda: said[0])
    meter.start()
    said[0] = "VDD_CORE_V=0.8750V\nVDD_CORE_A=1.2000A\n"
    with pytest.raises(MeterError, match="other rails than before"):
        meter.stop()


def answer(code: int, out: bytes) -> Callable[..., object]:
    return lambda command, **_: subprocess.CompletedProcess(command, code, out, b"")


def test_the_program_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"somewhere/{name}")
    monkeypatch.setattr("subprocess.run", answer(0, PLAIN.encode()))
    assert ask_firmware() == PLAIN
    monkeypatch.setattr("subprocess.run", answer(255, b"Can't open device file: /dev/vcio"))
    with pytest.raises(MeterError, match="Can't open") as caught:
        ask_firmware()
    assert "usermod -aG video" in caught.value.hint


def test_a_program_that_hangs_or_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: object, **_: object) -> None:
        raise subprocess.TimeoutExpired("vcgencmd", 5)

    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MeterError, match="no vcgencmd"):
        ask_firmware()
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("subprocess.run", hang)
    with pytest.raises(Hiccup, match="does not answer"):
        ask_firmware()


LINES = st.sampled_from([*INDEXED.splitlines(), *PLAIN.splitlines()])


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=30).map("\n".join)))
def test_any_text_is_rails_or_our_error(said: str) -> None:
    try:
        rails = parse_rails(said)
    except MeterError:
        return
    assert "VDD_CORE" in rails and all(0 <= watts <= 1800 for watts in rails.values())
