"""Energy of a profile, on a device whose watts are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.device.simulated import Simulated, Table, hidden_costs, medium, stand_in_for_export
from wattnas.agent.energy import Protocol
from wattnas.agent.energy_result import EnergyResult, Window
from wattnas.device import predict
from wattnas.device.campaign import Campaign
from wattnas.device.energies import energy_job, energy_quantity, measure_energy, spread_over
from wattnas.device.fitted import CONSTANT
from wattnas.device.job import Settings
from wattnas.device.joules import kind_of
from wattnas.device.link import Energy, Failed, Result
from wattnas.errors import MeterError
from wattnas.space import Layout

WATTS = {"k3_e1": 3.0, "k3_e6": 4.0, "k5_e6": 6.0, "skip": 2.0}
ELSE_W = 3.0
CALL_J = 2e-4


def measured(joules: float, seconds: float, *, drift: float = 0.0) -> EnergyResult:
    """Two windows of a hundred runs, and idle power of half the load before and after."""
    watts, length = joules / seconds, 100 * seconds
    idle = [Window(0.0, 1.0, 0, watts / 2), Window(9.0, 10.0, 0, watts / 2 * (1 + drift))]
    windows = [Window(1.0, 1.0 + length, 100, watts), Window(5.0, 5.0 + length, 100, watts)]
    return EnergyResult(meter="fake", domain="the whole board", idle=tuple(idle), windows=tuple(windows))


def answer(item: str, result: EnergyResult) -> Energy:
    return Energy(kind="energy", item=item, result={"kind": "energy", "item": item, **result.to_json()})


@dataclass
class Metered(Simulated):
    """Also answers what networks cost in joules; `drifting` ones are rejected, `dead` ones fail."""

    drifting: int = 0
    dead: int = 0
    energies: list[str] = field(default_factory=list)

    def run(self, job: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Result]:
        yield from super().run({"stretches": [], **job}, files)
        if not job["energy"]:
            return
        assert job["meter"] == "fake"
        for number, item in enumerate(job["energy"]["items"]):
            self.energies.append(item)
            if number < self.dead:
                yield Failed(
                    kind="failed", of=("energy", item), message="The meter is gone.", hint="Plug it in."
                )
                continue
            keys = self.table[job["models"][item]]
            seconds = self.network_s(keys)
            joules = CALL_J + sum(WATTS.get(kind_of(key), ELSE_W) * self.costs[key] for key in keys)
            drift = 0.2 if number < self.dead + self.drifting else 0.0
            yield answer(item, measured(joules, seconds, drift=drift))


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch)


def timed(table: Table, layout: Layout, **more: Any) -> tuple[Campaign, Metered]:
    device = Metered(table, hidden_costs(layout), call_s=1e-7, **more)
    campaign = Campaign(device, layout, Settings(budget_s=250.0))
    campaign.measure()
    return campaign, device


def test_watts_of_each_kind_are_found_and_a_call_has_its_own_joules(table: Table) -> None:
    campaign, device = timed(table, medium())
    fit = measure_energy(campaign, "fake")
    assert fit.meter == "fake (the whole board)"
    assert fit.networks == len(device.energies) == 40
    for kind, watts in WATTS.items():
        assert fit.watts[kind] == pytest.approx(watts, rel=0.1)
    assert fit.watts[CONSTANT] + 0.0 > 0
    assert fit.check is not None
    assert fit.check.mape < 0.02


def test_a_profile_with_a_meter_predicts_joules_that_are_not_modelled(table: Table) -> None:
    layout = medium()
    campaign, device = timed(table, layout)
    profile = campaign.finish(measure_energy(campaign, "fake"))
    network = campaign.plan.networks[-1].architecture
    keys = device.table[next(sha for sha, parts in table.items() if parts == tuple(_keys(layout, network)))]
    joules = CALL_J + sum(WATTS.get(kind_of(key), ELSE_W) * device.costs[key] for key in keys)
    energy = predict(profile, layout, network).sources.energy_j
    assert energy.origin == "predicted"
    assert energy.value == pytest.approx(joules, rel=0.03)
    assert energy.low is not None and energy.high is not None
    assert energy.low < energy.value < energy.high
    assert "Energy is modelled" not in " ".join(profile.notes)


def _keys(layout: Layout, network: Any) -> list[str]:
    from wattnas.device.parts import part_keys

    return part_keys(layout, network)


def test_rejected_and_failed_measurements_are_left_out(table: Table) -> None:
    campaign, _ = timed(table, medium(), drifting=3, dead=2)
    assert measure_energy(campaign, "fake").networks == 35


def test_where_no_measurement_counts_the_reason_is_given(table: Table) -> None:
    campaign, _ = timed(table, medium(), drifting=40)
    with pytest.raises(MeterError, match="idle power drifted by 20"):
        measure_energy(campaign, "fake")
    gone, _ = timed(table, medium(), dead=40)
    with pytest.raises(MeterError, match="The meter is gone"):
        measure_energy(gone, "fake")


def test_networks_are_spread_over_all_latencies(table: Table) -> None:
    campaign, _ = timed(table, medium())
    some = [network.architecture for network in campaign.plan.networks[:5]]
    assert spread_over(some, [5.0, 1.0, 3.0, 2.0, 4.0], 3) == [some[1], some[2], some[0]]
    assert len(spread_over(some, [1.0] * 5, 99)) == 5


def test_without_a_meter_a_job_asks_for_no_energy() -> None:
    assert energy_job(["a"], None) == {"meter": None, "energy": None}
    asked = energy_job(["a"], "rapl", Protocol(windows=2))
    assert asked["meter"] == "rapl"
    assert (asked["energy"]["items"], asked["energy"]["protocol"]["windows"]) == (["a"], 2)


def test_one_network_is_measured_gross() -> None:
    found = energy_quantity(answer("network", measured(0.5, 0.1)), "my board", "fake")
    assert found.value == pytest.approx(0.5)
    assert (found.unit, found.origin, found.n) == ("J", "measured", 2)
    for fact in ("my board", "the whole board", "gross", "200 runs"):
        assert fact in found.source


def test_a_rejected_energy_is_no_number() -> None:
    with pytest.raises(MeterError, match="does not count: idle power drifted"):
        energy_quantity(answer("network", measured(0.5, 0.1, drift=0.2)), "my board", "fake")


def test_a_log_tells_the_energies_afterwards(tmp_path: Path) -> None:
    """The device's clock is 100 s behind the log's; it rests at 1 W, burns at 5 W, runs at 4 W."""
    powers = [(100.0, 1.0), (106.0, 5.0), (112.0, 1.0), (130.0, 4.0), (140.0, 1.0), (160.0, 1.0)]
    lines = ["time_s,power_w"]
    for k in range(600):
        now = 95.0 + k * 0.1
        watts = next((w for start, w in reversed(powers) if now >= start), 1.0)
        lines.append(f"{now:.1f},{watts}")
    log = tmp_path / "power.csv"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    from wattnas.agent.meters import Marker

    result = EnergyResult(
        meter="log",
        domain="the whole board",
        idle=(Window(14.0, 24.0, 0), Window(42.0, 52.0, 0)),
        windows=(Window(31.0, 39.0, 80),),
        marker=Marker(0.0, 6.0, 12.0, 18.0),
    )
    found = energy_quantity(answer("network", result), "my board", f"log:{log}")
    assert found.value == pytest.approx(4.0 * 8 / 80, rel=0.01)
