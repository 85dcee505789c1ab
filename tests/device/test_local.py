from __future__ import annotations

import math
from datetime import datetime, timezone

import pytest
import torch

from tests.device.cases import cifar, timing, toy
from wattnas.blocks import build
from wattnas.device import Protocol, cost_table, measure_local, predict
from wattnas.device.local import Stem, assemble, identities, parts
from wattnas.errors import ConfigError
from wattnas.machine import Machine
from wattnas.space import Architecture, Layout, load_space

QUIET = Machine(cpu="Example CPU", cores=2, system="Linux", load=0.1)
QUICK = Protocol(rounds=5, min_rounds=5, warmup_s=0.002, window_s=0.001)


def test_every_part_of_the_toy_space_is_wanted_once() -> None:
    assert {part.key: part.shape for part in parts(toy())} == {
        "stem_k3 1x8x8 -> 8 s1": (1, 1, 8, 8),
        "k3_e1 8x8x8 -> 8 s1": (1, 8, 8, 8),
        "head_average 8x8x8 -> 8 -> 2": (1, 8, 8, 8),
    }
    assert identities(toy()) == ["skip 8x8x8 -> 8 s1"]


def test_cifar_has_104_parts_and_6_identities() -> None:
    """13 shapes of layers, of which 6 repeat with stride 1 and equal width, 1 is layer 0, 6 change shape."""
    layout = cifar()
    shapes = {(la.in_channels, la.out_channels, la.stride, la.in_size) for la in layout.layers}
    kept = {shape for shape in shapes if shape[0] == shape[1] and shape[2] == 1}
    assert len(identities(layout)) == len(kept)
    assert len(parts(layout)) == 9 * len(shapes) - len(kept) + 2


@pytest.mark.parametrize("name", ["cifar", "tiny"])
def test_each_part_takes_an_image_of_its_shape(name: str) -> None:
    layout = Layout.resolve(load_space(name), classes=5)
    with torch.no_grad():
        for part in parts(layout)[:3] + parts(layout)[-3:]:
            out = part.make().eval()(torch.zeros(part.shape))
            assert torch.isfinite(out).all()


def test_the_timed_stem_is_that_of_a_network() -> None:
    layout = toy()
    network = build(Architecture.parse("skip skip", layout.space), layout).eval()
    network.normalise_with(torch.tensor([0.5]), torch.tensor([0.25]))
    stem = Stem(layout).eval()
    stem.stem.load_state_dict(network.stem.state_dict())
    images = torch.rand(2, 1, 8, 8)
    with torch.no_grad():
        expected = network.stem((images - network.mean) / network.std)
        assert torch.equal(stem(images), expected)


def toy_timings() -> dict[str, float]:
    return {part.key: 1e-4 * (index + 1) for index, part in enumerate(parts(toy()))}


def test_timings_become_a_profile_that_covers_the_space() -> None:
    timings = {key: timing(seconds) for key, seconds in toy_timings().items()}
    made = assemble(toy(), timings, QUIET, "onnxruntime 9.9", threads=2, watts=5.0)
    table = cost_table(made, toy())
    assert table.latency_s.tolist() == [[2e-4, 0.0], [2e-4, 0.0]]
    assert table.energy_j.tolist() == [[pytest.approx(1e-3), 0.0], [pytest.approx(1e-3), 0.0]]
    assert table.fixed_latency_s == pytest.approx(4e-4)
    assert table.fixed_energy_j == pytest.approx(2e-3)


def test_an_assembled_profile_says_where_its_numbers_come_from() -> None:
    timings = {key: timing(seconds) for key, seconds in toy_timings().items()}
    made = assemble(toy(), timings, QUIET, "onnxruntime 9.9", threads=2, watts=5.0)
    assert (made.name, made.runtime, made.threads, made.scope) == ("local", "onnxruntime 9.9", 2, "network")
    assert made.date == datetime.now(timezone.utc).date()
    block = cost_table(made, toy()).cells[0][0]
    assert (block.latency.origin, block.latency.n) == ("measured", 9)
    assert (block.latency.low, block.latency.high) == pytest.approx((1.8e-4, 2.2e-4))
    for fact in ("Example CPU", "onnxruntime 9.9", "2 thread", str(made.date)):
        assert fact in block.latency.source
    assert block.energy.origin == "modelled"
    assert "5 W (stated, not measured)" in block.energy.source
    assert (block.energy.low, block.energy.high) == pytest.approx((0.9e-3, 1.1e-3))


def test_an_identity_costs_nothing_and_is_said_to_be_modelled() -> None:
    timings = {key: timing(seconds) for key, seconds in toy_timings().items()}
    skip = cost_table(assemble(toy(), timings, QUIET, "r", 1, 10.0), toy()).cells[1][1]
    assert (skip.latency.value, skip.energy.value) == (0.0, 0.0)
    assert skip.latency.origin == skip.energy.origin == "modelled"
    assert "identity is removed by the runtime" in skip.latency.source


def test_a_busy_machine_and_wide_intervals_are_noted() -> None:
    busy = Machine(cpu="Example CPU", cores=2, system="Linux", load=1.5)
    timings = {key: timing(seconds) for key, seconds in toy_timings().items()}
    notes = " ".join(assemble(toy(), timings, busy, "r", 1, 10.0).notes)
    assert "Other programs were running" in notes
    assert "3 of 3 latencies are uncertain by more than 5%" in notes
    quiet = " ".join(assemble(toy(), timings, QUIET, "r", 1, 10.0).notes)
    assert "Other programs" not in quiet


@pytest.mark.parametrize("threads", [0, -1])
def test_a_thread_count_that_makes_no_sense_is_refused(threads: int) -> None:
    with pytest.raises(ConfigError, match="threads"):
        measure_local(toy(), threads=threads)


@pytest.mark.parametrize("watts", [0.0, -1.0, math.nan, math.inf])
def test_a_power_that_makes_no_sense_is_refused(watts: float) -> None:
    with pytest.raises(ConfigError, match="W is no power"):
        measure_local(toy(), watts=watts)


def test_a_toy_space_is_measured_on_this_machine() -> None:
    steps: list[tuple[int, int, str]] = []
    state = torch.random.get_rng_state()
    made = measure_local(toy(), watts=2.0, protocol=QUICK, progress=lambda *step: steps.append(step))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert {entry.key for entry in made.entries} == {p.key for p in parts(toy())} | set(identities(toy()))
    for entry in made.entries[:-1]:
        low, value, high = entry.latency.low, entry.latency.value, entry.latency.high
        assert low is not None
        assert high is not None
        assert 0 < low <= value <= high < 1
        assert entry.latency.n == 5
        assert entry.energy.value == pytest.approx(2.0 * value)
    found = predict(made, toy(), Architecture.parse("k3_e1 skip", toy().space))
    assert (found.sources.latency_s.origin, found.sources.energy_j.origin) == ("predicted", "modelled")
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)
    assert steps[-1][:2] == (3 + 5, 3 + 5)
