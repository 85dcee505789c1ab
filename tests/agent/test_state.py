"""The state of a device, from made-up system files and a made-up firmware tool."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.agent.state import State, parse_throttled, read_state, throttled_between
from wattnas.machine import Machine

# raspberrypi.com, documentation of vcgencmd get_throttled: bits 0 to 3 are now, 16 to 19 since the start.
NOW = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
MACHINE = Machine(cpu="Example CPU", cores=2, system="Linux")


@pytest.fixture(autouse=True)
def tools(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for: empty."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def firmware(tools: Path, script: str) -> None:
    """A `vcgencmd` that runs this script."""
    path = tools / "vcgencmd"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_a_board_is_read_from_its_files(tmp_path: Path, tools: Path) -> None:
    firmware(tools, '[ "$1" = get_throttled ] && echo throttled=0x50005')
    write(tmp_path, "proc/cpuinfo", "model name : Example CPU\n")
    write(tmp_path, "proc/loadavg", "0.50 0.40 0.30 1/200 1234\n")
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "45123\n")
    write(tmp_path, "sys/class/thermal/thermal_zone1/temp", "61500\n")
    for core, (own, of_package) in enumerate([(3, 2), (4, 0)]):
        folder = f"sys/devices/system/cpu/cpu{core}/thermal_throttle"
        write(tmp_path, f"{folder}/core_throttle_count", f"{own}\n")
        write(tmp_path, f"{folder}/package_throttle_count", f"{of_package}\n")
    found = read_state(tmp_path)
    assert (found.machine.cpu, found.machine.load) == ("Example CPU", 0.5)
    assert (found.temperature_c, found.throttle_events) == (61.5, 9)
    assert found.throttled == ("under-voltage", "throttled")
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["machine"]["cpu"] == "Example CPU"


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    found = read_state(tmp_path)
    assert (found.temperature_c, found.throttle_events, found.throttled) == (None, None, ())


@pytest.mark.parametrize("broken", ["", "hot\n", "-274000\n", "1000000\n", "nan\n", "\0\0"])
def test_a_sensor_out_of_order_is_left_out(tmp_path: Path, broken: str) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", broken)
    write(tmp_path, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "many\n")
    assert (read_state(tmp_path).temperature_c, read_state(tmp_path).throttle_events) == (None, None)
    write(tmp_path, "sys/class/thermal/thermal_zone7/temp", "38000\n")
    write(tmp_path, "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "1\n")
    assert (read_state(tmp_path).temperature_c, read_state(tmp_path).throttle_events) == (38.0, 1)


@pytest.mark.parametrize(
    "script", ["exit 1", "echo", "printf '\\377\\376'", "echo VCHI initialization failed"]
)
def test_a_firmware_tool_that_fails_says_nothing(tmp_path: Path, tools: Path, script: str) -> None:
    firmware(tools, script)
    assert read_state(tmp_path).throttled == ()


def test_a_firmware_tool_that_cannot_be_started_says_nothing(tmp_path: Path, tools: Path) -> None:
    (tools / "vcgencmd").write_bytes(b"\x7fELF of another machine")
    (tools / "vcgencmd").chmod(0o755)
    assert read_state(tmp_path).throttled == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("throttled=0x0\n", ()),
        ("throttled=0x50000\n", ()),  # of the past alone
        ("throttled=0x50005\n", ("under-voltage", "throttled")),
        ("throttled=0xe0008\n", ("soft temperature limit",)),
        ("throttled=0x20002\n", ("frequency capped",)),
        ("throttled=0xf\n", NOW),
        ("throttled=", ()),
        ("throttled=-0x1", ()),
        ("throttled=0x50005 and more", ()),
        ('error=1 error_msg="Command not registered"', ()),
        ("", ()),
    ],
)
def test_what_the_firmware_says(said: str, words: tuple[str, ...]) -> None:
    assert parse_throttled(said) == words


@given(st.text() | st.text(alphabet="throled=0x159af-_ \n").map(lambda end: f"throttled={end}"))
def test_any_text_is_words_of_this_moment(said: str) -> None:
    assert set(parse_throttled(said)) <= set(NOW)


@given(st.integers(0, 2**20 - 1))
def test_each_bit_is_a_word(bits: int) -> None:
    text = f"{bits:020b}"[::-1]
    assert parse_throttled(f"throttled={bits:#x}") == tuple(NOW[bit] for bit in range(4) if text[bit] == "1")


def state(events: int | None = None, throttled: tuple[str, ...] = ()) -> State:
    return State(MACHINE, throttle_events=events, throttled=throttled)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (state(), state(), None),
        (state(4), state(4), None),
        (state(4), state(6), "the processor was throttled 2 time(s)"),
        (state(4), state(1), None),  # counted anew
        (state(None), state(9), None),
        (state(4), state(None), None),
        (state(0, NOW), state(0), None),  # over before it began
        (state(4), state(6, ("under-voltage", "throttled")), "under-voltage, throttled"),
    ],
)
def test_what_speaks_against_a_measurement(before: State, after: State, reason: str | None) -> None:
    assert throttled_between(before, after) == reason
