from __future__ import annotations

from pathlib import Path

import pytest

from wattnas.machine import Machine, read_line, read_machine

CPUINFO = """processor : 0
model name : Example CPU 9000
cpu MHz : 2000.5
flags : fpu sse avx avx2 mystery avx512f

processor : 1
model name : Another
"""


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def test_a_machine_is_read_from_its_files(tmp_path: Path) -> None:
    write(tmp_path, "proc/cpuinfo", CPUINFO)
    write(tmp_path, "proc/loadavg", "0.50 0.40 0.30 1/200 1234\n")
    write(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
    write(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1500000\n")
    found = read_machine(tmp_path)
    assert found.cpu == "Example CPU 9000"
    assert found.instructions == ("avx", "avx2", "avx512f")
    assert (found.governor, found.frequency_hz, found.load) == ("powersave", 1.5e9, 0.5)
    assert "governor powersave, clock 1500 MHz, load 0.50" in found.state


def test_the_clock_of_cpuinfo_serves_where_cpufreq_is_missing(tmp_path: Path) -> None:
    write(tmp_path, "proc/cpuinfo", CPUINFO)
    assert read_machine(tmp_path).frequency_hz == 2000.5e6


def test_a_board_names_itself_where_its_processor_does_not(tmp_path: Path) -> None:
    write(tmp_path, "proc/cpuinfo", "processor : 0\nFeatures : fp asimd asimddp\n")
    write(tmp_path, "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    found = read_machine(tmp_path)
    assert found.cpu == "Raspberry Pi 4 Model B Rev 1.4"
    assert found.instructions == ("asimd", "asimddp")


def test_a_machine_that_says_nothing_is_unreadable_not_made_up(tmp_path: Path) -> None:
    found = read_machine(tmp_path)
    assert found.cpu
    assert found.cores >= 1
    assert (found.governor, found.frequency_hz, found.load, found.instructions) == (None, None, None, ())
    assert "governor unreadable, clock unreadable, load unreadable" in found.state


@pytest.mark.parametrize("text", ["", "fast", "nan", "-1", "inf"])
def test_garbage_is_no_number(tmp_path: Path, text: str) -> None:
    write(tmp_path, "proc/loadavg", text)
    write(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", text)
    assert (read_machine(tmp_path).load, read_machine(tmp_path).frequency_hz) == (None, None)


def test_a_folder_is_no_line(tmp_path: Path) -> None:
    assert read_line(tmp_path) is None


def test_this_machine_can_be_read() -> None:
    assert isinstance(read_machine(), Machine)
