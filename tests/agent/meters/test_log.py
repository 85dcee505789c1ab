from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.meters.log import LogMeter, parse_log, read_log
from wattnas.errors import MeterError, WattnasError


@pytest.mark.parametrize(
    "text",
    [
        "time_s,power_w\n0,5\n1,5\n2,5\n",
        "time,power (mW)\n0,5000\n1,5000\n2,5000\n",
        "\ufeffTime (ms);Power (W)\n0;5,0\n1000;5,0\n2000;5,0\n".lstrip("\ufeff"),
        "t (s)\tu (V)\ti (mA)\n0\t5\t1000\n1\t5\t1000\n2\t5\t1000\n",
        "Timestamp(ms),Current(uA),D0-D7,volts\n0,1000000,0,5\n1000,1000000,0,5\n2000,1000000,0,5\n",
        "Time(ms),Main(mA),Main Voltage(V)\n0,1000,5\n1000,1000,5\n2000,1000,5\n",
        "# Joulescope, 5 V supply, no power yet\n#time (s), current (A), voltage (V)\n"
        "0, 1, 5\n1, 1, 5\n2, 1, 5\n",
        "timestamp sample_in_packet voltage_V current_A dp_V dn_V temp_C_ema energy_Ws capacity_As\n"
        "1657568326.0 0 5.0 1.0 1.1 1.0 30.5 0.0 0.1\n1657568327.0 1 5.0 1.0 1.1 1.0 30.5 0.0 0.1\n"
        "1657568328.0 2 5.0 1.0 1.1 1.0 30.5 0.0 0.1\n",
        "timestamp,power_w,power factor\n2024-05-01T12:00:00Z,5,1\n2024-05-01 12:00:01.0,5,1\n"
        "2024-05-01T14:00:02+02:00,5,1\n",
        'timestampMs,"PowerW",energy (W h)\n0,5,1\n1000,5,2\n2000,5,3\n',
        "milliseconds,watts\n0,5\n\n# a remark\n1000,5\n2000,5\n2000.",
    ],
)
def test_five_watts_for_two_seconds_however_written(text: str) -> None:
    trace = parse_log(text)
    assert trace.end - trace.start == pytest.approx(2.0)
    assert trace.energy(trace.start, trace.end) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no header"),
        ("0,5\n1,5\n", "no header"),
        ("time_s,power\n0,5\n1,5\n", "no header"),  # watts or milliwatts?
        ("time_s,current_a\n0,5\n1,5\n", "no header"),
        ("power_w,energy_j\n0,5\n1,5\n", "no header"),
        ("time_s,energy (W h)\n0,5\n1,5\n", "no header"),
        ("time_s,power consumption (W h)\n0,5\n1,5\n", "no header"),
        ("time_s,max power (W)\n0,5\n1,5\n", "no header"),
        ("time_s,dp_V,current_A\n0,5,1\n1,5,1\n", "no header"),
        ("time_s,power_w,power_mw\n0,5,5000\n1,5,5000\n", "several columns of power"),
        ("time_s,power_w\n", "0 samples"),
        ("time_s,power_w\n0,5\n", "1 samples"),
        ("time_s,power_w\n3,5\n3,5\n", "no stretch of time"),
        ("time_s,power_w\n0,5\nx,5\n2,5\n", "line 3 holds no number"),
        ("time_s,power_w\n0,5\n1,nan\n2,5\n", "line 3 holds no number"),
        ("time_s,power_w\n0,5\n1,inf\n2,5\n", "line 3 holds no number"),
        ("time_s,power_w\n0,5\n1\n2,5\n", "line 3 has 1 columns"),
        ("time_s,power_w\n0,5\n1,1e9\n2,5\n", "tells of 1e"),
        ("time_s,power_w\n0,5\n2,5\n1,5\n3,5\n", "backwards"),
        ("time_s,power_w\n0,-5\n1,-5\n2,5\n", "power goes down"),
        ("time,power_w\n2024-13-01T00:00:00,5\n2024-13-01T00:00:01,5\n", "line 2"),
        ("time_s,power_w\n1e30,5\n2e30,5\n3e30,5\n", "old"),
    ],
)
def test_what_is_no_log_says_why(text: str, words: str) -> None:
    with pytest.raises(MeterError, match=words):
        parse_log(text)


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    assert parse_log("time_s,power_w\n0,5\n1,5\n2,5\n3,").end == 2.0


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("\ufefftime_s,power_w\n0,5\n2,5\n", encoding="utf-8")
    assert read_log(tmp_path / "log.csv").energy(0, 2) == pytest.approx(10.0)
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(MeterError, match="cannot be read"):
            read_log(missing)


def test_the_meter_of_a_log_gives_no_joules_before_the_log_is_read(tmp_path: Path) -> None:
    meter = LogMeter(tmp_path / "later.csv")
    assert meter.deferred
    meter.start()
    with pytest.raises(MeterError, match="read after the measurement"):
        meter.stop()


CELLS = st.one_of(
    st.sampled_from(["time_s", "power_w", "1", "2", "3.5", "-1", "2024-01-01T00:00:00", ""]),
    st.text(max_size=8),
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=8).map("\n".join)
NUMBERS = st.lists(
    st.tuples(st.text("0123456789.eE-+", max_size=9), st.text("0123456789.eE-+", max_size=9)), max_size=6
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(),
        TABLES,
        NUMBERS.map(lambda rows: "time_s,power_w\n" + "\n".join(f"{a},{b}" for a, b in rows)),
    )
)
def test_any_text_is_a_trace_or_our_error(text: str) -> None:
    try:
        trace = parse_log(text)
    except WattnasError:
        return
    assert trace.start < trace.end
