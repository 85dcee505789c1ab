from __future__ import annotations

import json

import numpy as np
import pytest

from tests.device.cases import (
    PUBLISHED,
    campaign_profile,
    cifar,
    entry,
    joules,
    part_of_cifar,
    profile,
    seconds,
    toy,
    toy_profile,
)
from tests.device.test_assemble import BLOCK, HEAD, STEM, measured_energy
from wattnas.device import CostReport, Entry, FixedCost, LayerCost, Profile, Sources, load_profile, predict
from wattnas.device.assemble import join_profiles
from wattnas.device.fitted import Covariance, EnergyFit
from wattnas.errors import ProfileError, SpaceError
from wattnas.space import Architecture
from wattnas.units import Quantity


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_architectures_cost_what_was_published(name: str) -> None:
    text, published_j, params = PUBLISHED[name]
    layout = cifar()
    found = predict(load_profile("ozawa-2021"), layout, Architecture.parse(text, layout.space))
    assert found.energy_j == pytest.approx(published_j, abs=0.0005)
    assert found.params == pytest.approx(params, abs=50)
    assert found.sources.energy_j.origin == "predicted"


def report(text: str, scope: str = "network") -> CostReport:
    layout = toy()
    return predict(toy_profile(scope), layout, Architecture.parse(text, layout.space))


def test_a_network_is_the_sum_of_its_parts() -> None:
    found = report("k3_e1 k3_e1")
    assert found.latency_s == pytest.approx(0.1 + 0.02 + 0.02 + 0.003)
    assert found.energy_j == pytest.approx(1.0 + 0.2 + 0.2 + 0.03)
    assert report("k3_e1 skip", "layers").latency_s == 0.02


def test_counts_of_a_network_by_hand() -> None:
    """Stem 1*8*9 + 16; k3_e1 8*8 + 16, 8*9 + 16, 8*8 + 16; head 8*8 + 8, 8*2 + 2; maps of 8x8."""
    found = report("k3_e1 skip")
    parts: list[LayerCost | FixedCost] = [*found.fixed, *found.layers]
    assert [part.params for part in parts] == [88, 90, 248, 0]
    assert found.params == 88 + 90 + 248
    assert [part.macs for part in parts] == [72 * 64, 64 * 64 + 16, 200 * 64, 0]
    assert found.macs == 72 * 64 + 64 * 64 + 16 + 200 * 64


@pytest.mark.parametrize("name", PUBLISHED)
def test_parts_add_up_to_the_totals(name: str) -> None:
    layout = cifar()
    found = predict(load_profile("ozawa-2021"), layout, Architecture.parse(PUBLISHED[name][0], layout.space))
    parts: list[LayerCost | FixedCost] = [*found.layers, *found.fixed]
    assert sum(part.params for part in parts) == found.params
    assert sum(part.macs for part in parts) == found.macs
    assert sum(layer.energy_j for layer in found.layers) == pytest.approx(found.energy_j)
    assert all(part.latency_s is None and part.energy_source is None for part in found.fixed)


def test_a_layer_tells_its_shapes_and_sources() -> None:
    layout = cifar()
    text, _, _ = PUBLISHED["S1-L100"]
    layer = predict(load_profile("ozawa-2021"), layout, Architecture.parse(text, layout.space)).layers[1]
    assert (layer.layer, layer.operation, layer.key) == (1, "k3_e6", "k3_e6 16x32x32 -> 24 s2")
    shapes = (layer.in_channels, layer.out_channels, layer.stride, layer.in_size, layer.out_size)
    assert shapes == (16, 24, 2, 32, 16)
    assert layer.energy_j == layer.energy_source.value == 0.5254827211
    assert "Raspberry Pi 3B" in layer.energy_source.source
    assert "i7-6950X" in layer.latency_source.source


def test_the_report_is_json_and_reads_back() -> None:
    found = report("k3_e1 skip")
    raw = json.loads(found.model_dump_json())
    assert set(raw) >= {
        "space",
        "device",
        "architecture",
        "params",
        "macs",
        "latency_s",
        "energy_j",
        "layers",
    }
    assert raw["architecture"] == ["k3_e1", "skip"]
    assert raw["sources"]["latency_s"]["unit"] == "s"
    assert raw["sources"]["energy_j"]["unit"] == "J"
    assert raw["memory_bytes"]["origin"] == "modelled"
    assert CostReport.model_validate_json(json.dumps(raw)) == found


def toy_network(latency: Quantity, skip: Quantity) -> CostReport:
    """`k3_e1 skip` of the toy space by a profile of layers with these latencies."""
    layout = toy()
    made = profile(
        Entry(key="k3_e1 8x8x8 -> 8 s1", latency=latency, energy=joules(1.0)),
        Entry(key="skip 8x8x8 -> 8 s1", latency=skip, energy=joules(0.5)),
    )
    return predict(made, layout, Architecture.parse("k3_e1 skip", layout.space))


def test_one_modelled_part_makes_the_sum_modelled() -> None:
    modelled = Quantity(value=1.0, unit="s", origin="modelled", source="a formula")
    assert toy_network(seconds(1.0), modelled).sources.latency_s.origin == "modelled"


def test_a_modelled_part_that_adds_nothing_leaves_the_sum_predicted() -> None:
    identity = Quantity(value=0.0, unit="s", origin="modelled", source="removed by the runtime")
    found = toy_network(seconds(1.0, 0.9, 1.2), identity).sources.latency_s
    assert (found.value, found.low, found.high, found.origin) == (1.0, 0.9, 1.2, "predicted")


def test_the_interval_of_a_sum_adds_those_of_the_parts() -> None:
    found = toy_network(seconds(1.0, 0.9, 1.2), seconds(2.0, 1.5, 2.25)).sources.latency_s
    assert (found.low, found.high) == pytest.approx((2.4, 3.45))


def test_a_sum_has_no_interval_where_a_part_has_none() -> None:
    found = toy_network(seconds(1.0, 0.9, 1.2), seconds(2.0)).sources.latency_s
    assert (found.low, found.high) == (None, None)


def test_a_network_that_costs_nothing_at_all_is_still_a_sum() -> None:
    found = toy_network(seconds(0.0), seconds(0.0)).sources.latency_s
    assert (found.value, found.origin, found.low) == (0.0, "predicted", None)


def test_only_what_the_architecture_uses_has_to_be_covered() -> None:
    layout = toy()
    made = profile(entry("skip 8x8x8 -> 8 s1", 0.25, 0.5))
    assert predict(made, layout, Architecture.parse("skip skip", layout.space)).latency_s == 0.5
    with pytest.raises(
        ProfileError, match=r"1 of the 2 .*k3_e1 8x8x8 -> 8 s1.*YOUR_SPACE_FILE --device local"
    ):
        predict(made, layout, Architecture.parse("skip k3_e1", layout.space))


def test_an_architecture_of_another_space_is_refused() -> None:
    other = part_of_cifar()
    with pytest.raises(SpaceError, match=r"'mine'.*'toy'"):
        predict(toy_profile(), toy(), Architecture.parse("skip skip skip", other.space))


MATRIX = np.array([[4.0, -1.0, 0.0], [-1.0, 9.0, 0.0], [0.0, 0.0, 1.0]])
SECONDS = {STEM: 10.0, BLOCK: 15.0, HEAD: 10.0}


def sources(made: Profile, text: str = "k3_e1 k3_e1", classes: int = 2) -> Sources:
    layout = toy(classes)
    return predict(made, layout, Architecture.parse(text, layout.space)).sources


def test_a_fitted_profile_gives_the_interval_of_its_covariance() -> None:
    """Counts (1, 2, 1) make 4 + 4 * 9 + 1 - 4 = 37; a misfit of 10 % of 50 s; 2 J for each second."""
    found = sources(campaign_profile(toy(), SECONDS, matrix=MATRIX, misfit=0.1, watts=2.0))
    wide = 1.96 * (37 + 5.0**2) ** 0.5
    assert found.latency_s.value == 50.0
    assert (found.latency_s.low, found.latency_s.high) == pytest.approx((50 - wide, 50 + wide), rel=1e-4)
    assert found.energy_j.value == 100.0
    assert found.energy_j.high == pytest.approx(100 + 2 * wide, rel=1e-4)
    assert found.energy_j.origin == "modelled"


def test_what_cannot_be_below_zero_is_not() -> None:
    found = sources(campaign_profile(toy(), SECONDS, matrix=np.eye(3) * 1e4, misfit=0.0))
    assert found.latency_s.low == found.energy_j.low == 0.0


def test_layers_alone_take_no_interval_of_whole_networks() -> None:
    made = campaign_profile(toy(), SECONDS, matrix=MATRIX, misfit=0.1).model_copy(update={"scope": "layers"})
    found = sources(made).latency_s
    assert found.high == pytest.approx(2 * (15 + 1.96 * 3), rel=1e-4)  # two blocks that err together


def test_a_measured_energy_has_the_interval_of_its_own_fit() -> None:
    """3 W, 2 W and 5 W for 30 s, 10 s and 10 s, and 0.5 J; watts known to 0.1 W, the constant to 0.2 J."""
    made = campaign_profile(toy(), SECONDS, matrix=MATRIX, misfit=0.1, energy=measured_energy())
    found = sources(made)
    joules = 3 * 30 + 2 * 10 + 5 * 10 + 0.5
    assert found.energy_j.value == pytest.approx(joules)
    watts = 0.01 * (30**2 + 10**2 + 10**2) + 0.04
    time = (joules / 50) ** 2 * (37 + 25)
    sigma = (watts + time + (0.02 * joules) ** 2) ** 0.5
    assert found.energy_j.high == pytest.approx(joules + 1.96 * sigma, rel=1e-4)
    assert found.energy_j.origin == "predicted"


def other_kinds() -> EnergyFit:
    """A fit that never met a stem or a block."""
    kinds = ("head_average", "constant")
    spread = Covariance.of(kinds, np.diag([0.01, 0.04]), 0.02)
    return EnergyFit(meter="m", watts={"head_average": 5.0, "constant": 0.0}, covariance=spread, networks=40)


@pytest.mark.parametrize("energy", [None, other_kinds()], ids=["modelled", "other kinds"])
def test_energies_of_two_kinds_are_as_uncertain_as_all_together(energy: EnergyFit | None) -> None:
    old = campaign_profile(toy(), SECONDS, energy=measured_energy())
    new = campaign_profile(toy(3), {toy(3).head_key: 10.0}, energy=energy)
    made = join_profiles(old, new)
    found = sources(made, classes=3).energy_j
    parts = {e.key: e.energy for e in made.entries}
    some = [parts[STEM], parts[BLOCK], parts[BLOCK], parts[toy(3).head_key]]
    assert found.value == pytest.approx(sum(part.value for part in some))
    assert found.high == pytest.approx(sum(part.high or 0.0 for part in some))
    assert sources(made).energy_j == sources(old).energy_j.model_copy(update={"source": found.source})
