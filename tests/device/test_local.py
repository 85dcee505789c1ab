"""This machine's profile: by a device that is simulated, and once for real."""

from __future__ import annotations

import math

import pytest
import torch

from tests.device.cases import toy
from tests.device.simulated import Simulated, Table, hidden_costs, medium, stand_in_for_export
from wattnas.agent.timing import Protocol
from wattnas.device import measure_local, predict
from wattnas.device.parts import identities, parts
from wattnas.errors import ConfigError
from wattnas.space import Architecture

QUICK = Protocol(
    rounds=3, max_rounds=3, window_s=0.001, warmup_s=0.001, warmup_runs=2, half_width=1.0, drift=100.0
)


@pytest.mark.parametrize("threads", [0, -1])
def test_a_thread_count_that_makes_no_sense_is_refused(threads: int) -> None:
    with pytest.raises(ConfigError, match="threads"):
        measure_local(toy(), threads=threads)


@pytest.mark.parametrize("watts", [0.0, -1.0, math.nan, math.inf])
def test_a_power_that_makes_no_sense_is_refused(watts: float) -> None:
    with pytest.raises(ConfigError, match="W is no power"):
        measure_local(toy(), watts=watts)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch)


def test_every_block_and_some_forty_networks_are_timed(table: Table) -> None:
    layout = medium()
    device = Simulated(table, hidden_costs(layout), noise=0.005)
    made = measure_local(layout, threads=2, watts=3.0, device=device)
    asked = device.asked()
    assert {part.key for part in parts(layout)} <= asked
    assert 30 <= sum("->" not in name and not name.startswith("null ") for name in asked) <= 40
    assert (made.name, made.threads, made.scope) == ("local", 2, "network")
    assert {job["threads"] for job in device.jobs} == {2}
    for entry in made.entries:
        assert entry.energy.value == pytest.approx(3.0 * entry.latency.value, rel=1e-5)
        assert entry.energy.origin == "modelled"


def test_no_measurement_takes_the_answers_of_another(table: Table) -> None:
    device = Simulated(table, hidden_costs(toy()))
    for _ in range(2):
        measure_local(toy(), device=device)
    assert len({job["token"] for job in device.jobs}) == 2


def test_a_toy_space_is_measured_on_this_machine() -> None:
    steps: list[tuple[int, int, str]] = []
    state = torch.random.get_rng_state()
    made = measure_local(toy(), watts=2.0, protocol=QUICK, progress=lambda *step: steps.append(step))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert {entry.key for entry in made.entries} == {p.key for p in parts(toy())} | set(identities(toy()))
    for entry in made.entries[:-1]:
        low, value, high = entry.latency.low, entry.latency.value, entry.latency.high
        assert low is not None and high is not None
        assert 0 <= low <= value <= high < 1
        assert entry.energy.value == pytest.approx(2.0 * value, rel=1e-5)
    assert made.runtime is not None and made.runtime.startswith("onnxruntime ")
    found = predict(made, toy(), Architecture.parse("k3_e1 skip", toy().space)).sources
    assert (found.latency_s.origin, found.energy_j.origin) == ("predicted", "modelled")
    assert found.latency_s.low is not None and 0 < found.latency_s.value < 1
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)
    assert steps[-1][:2] == (3 + 3, 3 + 3)  # stem, block and head; networks with none, one and two blocks
