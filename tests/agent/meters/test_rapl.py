from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from tests.agent.meters.support import FakeClock
from tests.test_machine import write
from wattnas.agent.meters import sysfs
from wattnas.agent.meters.rapl import open_rapl
from wattnas.errors import MeterError

ZONES = "sys/class/powercap"
RANGE = 262_143_328_850


def zone(
    root: Path,
    place: str = "intel-rapl:0",
    name: str | None = "package-0",
    energy: object = 1_000_000,
    limit: object | None = RANGE,
) -> None:
    if name is not None:
        write(root, f"{ZONES}/{place}/name", f"{name}\n")
    write(root, f"{ZONES}/{place}/energy_uj", f"{energy}\n")
    if limit is not None:
        write(root, f"{ZONES}/{place}/max_energy_range_uj", f"{limit}\n")


def joules(root: Path, **after: int) -> float:
    """What the meter says when `after` (zone with "_" for ":") is what the counters show 10 s later."""
    clock = FakeClock()
    meter = open_rapl(root, clock)
    meter.start()
    clock.sleep(10.0)
    for place, energy in after.items():
        write(
            root, f"{ZONES}/{place.replace('_', ':').replace('intel', 'intel-rapl')}/energy_uj", f"{energy}\n"
        )
    try:
        return meter.stop().joules
    finally:
        meter.close()


class TestRapl(MeterContract):
    name = "rapl"

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        zone(tmp_path)
        zone(tmp_path, "intel-rapl:1", "package-1", 5)
        used = {"energy": 1_000_000}

        def use() -> None:
            used["energy"] += 3_000_000
            zone(tmp_path, energy=used["energy"])
            zone(tmp_path, "intel-rapl:1", "package-1", used["energy"])

        def break_it() -> None:
            (tmp_path / ZONES / "intel-rapl:1/energy_uj").unlink()

        meter = open_rapl(tmp_path)
        start = 5

        def expected(_: object) -> float:
            nonlocal start
            second = used["energy"] - start
            start = used["energy"]
            return 3.0 + second * 1e-6

        return Rig(meter, expected, use, break_it)


def test_a_package_alone(tmp_path: Path) -> None:
    zone(tmp_path)
    assert joules(tmp_path, intel_0=51_000_000) == pytest.approx(50.0)


def test_parts_of_a_package_and_the_platform_are_not_added(tmp_path: Path) -> None:
    zone(tmp_path)
    zone(tmp_path, "intel-rapl:0:0", "core")
    zone(tmp_path, "intel-rapl:0:1", "package-0")  # whatever it is called
    zone(tmp_path, "intel-rapl:1", "psys")
    after = {"intel_0": 51_000_000, "intel_0_0": 31_000_000, "intel_0_1": 41_000_000, "intel_1": 90_000_000}
    assert joules(tmp_path, **after) == pytest.approx(50.0)


def test_the_same_package_by_another_path_is_not_added(tmp_path: Path) -> None:
    zone(tmp_path)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0")
    clock = FakeClock()
    meter = open_rapl(tmp_path, clock)
    assert meter.domain == "processor package-0, without memory and board"
    meter.start()
    clock.sleep(10.0)
    for place in ("intel-rapl:0", "intel-rapl-mmio:0"):
        zone(tmp_path, place, energy=21_000_000)
    assert meter.stop().joules == pytest.approx(20.0)


def test_a_package_that_has_only_the_other_path_counts(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl-mmio:0", "package-0")
    assert "package-0" in open_rapl(tmp_path).domain


def test_a_link_to_the_same_zone_is_not_added(tmp_path: Path) -> None:
    zone(tmp_path)
    (tmp_path / ZONES / "intel-rapl:1").symlink_to(tmp_path / ZONES / "intel-rapl:0")
    assert joules(tmp_path, intel_0=51_000_000) == pytest.approx(50.0)


def test_two_zones_of_one_name_are_not_understood(tmp_path: Path) -> None:
    zone(tmp_path)
    zone(tmp_path, "intel-rapl:1", "package-0")
    with pytest.raises(MeterError, match="both called package-0"):
        open_rapl(tmp_path)


def test_two_dies_of_a_package_are_two(tmp_path: Path) -> None:
    zone(tmp_path, name="package-0-die-0")
    zone(tmp_path, "intel-rapl:1", "package-0-die-1")
    assert joules(tmp_path, intel_0=51_000_000, intel_1=31_000_000) == pytest.approx(80.0)


def test_a_wrap_around_is_undone(tmp_path: Path) -> None:
    zone(tmp_path, energy=RANGE - 4_000_000)
    assert joules(tmp_path, intel_0=6_000_000) == pytest.approx(10.0)


def test_a_wrap_around_without_a_limit_is_an_error(tmp_path: Path) -> None:
    zone(tmp_path, energy=RANGE - 4_000_000, limit=None)
    with pytest.raises(MeterError, match=r"package-0 .* nothing says where it wraps"):
        joules(tmp_path, intel_0=6_000_000)


def test_without_a_wrap_around_no_limit_is_needed(tmp_path: Path) -> None:
    zone(tmp_path, limit=None)
    assert joules(tmp_path, intel_0=51_000_000) == pytest.approx(50.0)


def test_a_frozen_counter_is_an_error(tmp_path: Path) -> None:
    zone(tmp_path)
    with pytest.raises(MeterError, match="frozen"):
        joules(tmp_path, intel_0=1_000_000)


def test_a_counter_of_zeros_is_frozen_too(tmp_path: Path) -> None:
    zone(tmp_path, energy=0)
    with pytest.raises(MeterError, match="frozen"):
        joules(tmp_path, intel_0=0)


def test_nothing_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="No processor package") as caught:
        open_rapl(tmp_path)
    assert "model energy from stated watts" in caught.value.hint


@pytest.mark.parametrize("energy", ["", "garbage", "1.5", "ü", "-5"])
def test_garbage_is_an_error(tmp_path: Path, energy: str) -> None:
    zone(tmp_path, energy=energy)
    with pytest.raises(MeterError, match="energy_uj holds"):
        open_rapl(tmp_path)


def test_a_limit_of_garbage_is_an_error(tmp_path: Path) -> None:
    zone(tmp_path, limit="lots")
    with pytest.raises(MeterError, match="max_energy_range_uj holds no number"):
        open_rapl(tmp_path)


def test_a_zone_without_its_counter_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, f"{ZONES}/intel-rapl:0/name", "package-0\n")
    with pytest.raises(MeterError, match="is missing"):
        open_rapl(tmp_path)


def test_a_zone_without_a_name_may_be_anything(tmp_path: Path) -> None:
    zone(tmp_path, name=None)
    with pytest.raises(MeterError, match="has no name"):
        open_rapl(tmp_path)


def test_permission_denied_says_how_to_grant_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    zone(tmp_path, limit=None)
    monkeypatch.setattr(sysfs, "read_text", denied)  # file modes do not stop root
    with pytest.raises(MeterError, match="permission denied") as caught:
        open_rapl(tmp_path)
    assert "sudo chmod a+r /sys/class/powercap" in caught.value.hint


def test_one_good_package_of_two_is_not_enough(tmp_path: Path) -> None:
    zone(tmp_path)
    zone(tmp_path, "intel-rapl:1", "package-1", "?")
    with pytest.raises(MeterError, match="intel-rapl:1"):
        open_rapl(tmp_path)
