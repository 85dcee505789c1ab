"""What networks take besides the sum of their parts: counted, fitted, predicted, learned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.device.cases import cifar
from tests.device.simulated import Simulated, hidden_costs, medium, stand_in_for_export
from tests.device.test_campaign import SHORT, run
from tests.device.test_many import architecture, drawn, with_between
from wattnas.device import learn, network_costs, predict
from wattnas.device.between import MOST_SAVED, Between, measure_of, names_of
from wattnas.device.design import random_networks
from wattnas.device.fitted import Covariance, EnergyFit
from wattnas.device.joules import kind_of
from wattnas.device.parts import part_keys
from wattnas.space import Architecture, count_layout

SIZES = ("change 32", "change 16", "change 8", "change 4", "change 2")


def built(**places: str) -> Architecture:
    """All `k3_e1` but at these layers ("at3")."""
    operations = ["k3_e1"] * 22
    for name, operation in places.items():
        operations[int(name.removeprefix("at"))] = operation
    return Architecture.of(operations, cifar().space)


def test_a_change_is_counted_where_grouped_blocks_begin_and_end() -> None:
    layout = cifar()
    assert names_of(layout) == ("weights", *SIZES, "change head")
    sizes = [layer.in_size for layer in layout.layers]
    for grouped in ([], [0], [5, 6], [21], [0, 2, 9, 10, 21]):
        found = measure_of(layout, built(**{f"at{place}": "k3_e1_g2" for place in grouped}), 10_000)
        changes = {name: value for name, value in found.items() if value and name != "weights"}
        assert changes == _changes(sizes, grouped)


def _changes(sizes: list[int], grouped: list[int]) -> dict[str, float]:
    """Counted the plain way: neighbours that differ, the head at the end."""
    kinds = [place in grouped for place in range(22)]
    found: dict[str, float] = {}
    for place in range(22):
        if kinds[place] != (place > 0 and kinds[place - 1]):
            found[f"change {sizes[place]}"] = found.get(f"change {sizes[place]}", 0.0) + 1.0
    return found | ({"change head": 1.0} if kinds[-1] else {})


def test_an_identity_between_two_grouped_blocks_changes_nothing() -> None:
    layout = cifar()
    place = next(i for i, layer in enumerate(layout.layers) if i and layer.is_residual)
    around = {f"at{place - 1}": "k3_e1_g2", f"at{place + 1}": "k3_e1_g2"}
    apart = measure_of(layout, built(**around), 10_000)
    joined = measure_of(layout, built(**around, **{f"at{place}": "skip"}), 10_000)
    changes = [sum(value for name, value in found.items() if name != "weights") for found in (apart, joined)]
    assert changes == [4.0, 2.0]


def test_weights_are_counted_in_e_folds_of_the_reference() -> None:
    layout = cifar()
    params = count_layout(layout, built()).params
    assert measure_of(layout, built(), params)["weights"] == 0.0
    assert measure_of(layout, built(), 1)["weights"] == pytest.approx(math.log(params))


def test_many_at_once_are_counted_as_one_counts_by_hand() -> None:
    layout, paths = cifar(), drawn(cifar(), 60)
    gates = torch.nn.functional.one_hot(paths, len(layout.candidates)).to(torch.float64)
    params = torch.tensor([count_layout(layout, architecture(layout, p)).params for p in paths]).double()
    found = Between(layout, {}, 77_000).amounts(gates, params)
    for row, path in zip(found.tolist(), paths, strict=True):
        chosen = [layout.candidates[column] for column in path.tolist()]
        standing = [
            (layer.in_size, candidate.groups > 1)
            for layer, candidate in zip(layout.layers, chosen, strict=True)
            if not (candidate.is_skip and layer.is_residual)
        ]
        expected = dict.fromkeys(names_of(layout), 0.0)
        expected["weights"] = math.log(count_layout(layout, architecture(layout, path)).params / 77_000)
        for (size, grouped), (_, before) in zip(standing, [(0, False), *standing], strict=False):
            expected[f"change {size}"] += grouped != before
        expected["change head"] += standing[-1][1] if standing else 0.0
        assert row == pytest.approx(list(expected.values()))


def test_relaxed_changes_are_the_mean_over_architectures() -> None:
    layout = cifar()
    torch.manual_seed(0)
    gates = torch.rand(1, 22, len(layout.candidates), dtype=torch.float64).softmax(-1)
    drawn_paths = torch.multinomial(gates[0], 4000, replacement=True).t()
    sampled = torch.nn.functional.one_hot(drawn_paths, len(layout.candidates)).to(torch.float64)
    between = Between(layout, {}, 1000)
    mean = between.amounts(sampled, torch.full((4000,), 1000.0, dtype=torch.float64)).mean(0)
    expected = between.amounts(gates, torch.tensor([1000.0], dtype=torch.float64))[0]
    assert expected.tolist() == pytest.approx(mean.tolist(), abs=0.1)


def test_parts_and_what_is_between_add_up_to_the_prediction() -> None:
    profile, layout = with_between(cifar()), cifar()
    for path in drawn(layout):
        report = predict(profile, layout, architecture(layout, path))
        assert report.between is not None
        parts_s = sum(layer.latency_s for layer in report.layers)
        parts_s += sum(end.latency_s or 0.0 for end in report.fixed)
        assert report.latency_s == pytest.approx(parts_s + report.between.latency_s)
        assert report.energy_j == pytest.approx(10.0 * report.latency_s)  # at 10 W
        by = sum(report.between.latency_by.values())
        assert report.between.latency_s == pytest.approx(max(by, -MOST_SAVED * parts_s))


def test_measured_joules_hold_all_that_networks_took() -> None:
    """Where a meter was read, watts by kind were fitted to whole networks: nothing is to be added."""
    layout = cifar()
    plain = with_between(layout)
    kinds = [*sorted({kind_of(key) for key in plain.fits[0].part_keys}), "constant"]
    energy = EnergyFit(
        meter="replay",
        watts=dict.fromkeys(kinds, 10.0),
        covariance=Covariance.of(tuple(kinds), np.eye(len(kinds)) * 1e-6, 0.01),
        networks=40,
    )
    metered = plain.model_copy(update={"fits": (plain.fits[0].model_copy(update={"energy": energy}),)})
    paths = drawn(layout)
    many = network_costs(metered, layout).of(paths)
    for number, path in enumerate(paths):
        report = predict(metered, layout, architecture(layout, path))
        parts_j = sum(layer.energy_j for layer in report.layers)
        parts_j += sum(end.energy_j or 0.0 for end in report.fixed)
        assert report.between is not None and report.between.energy_j == 0.0 != report.between.latency_s
        assert report.energy_j == pytest.approx(parts_j) == pytest.approx(float(many["energy_j"][number]))


def test_no_architecture_is_below_the_least() -> None:
    costs = network_costs(with_between(cifar()), cifar())
    generator = torch.Generator().manual_seed(2)
    found = costs.of(torch.randint(len(cifar().candidates), (3000, 22), generator=generator))
    for name, least in costs.least().items():
        assert least <= float(found[name].min()) * (1 + 1e-12), name


@dataclass
class Cached(Simulated):
    """Each e-fold of blocks costs `fold_s` besides, as if weights left a cache."""

    fold_s: float = 0.0

    def network_s(self, keys: list[str]) -> float:  # type: ignore[override]
        wide = sum(int(key.split("e")[1][0]) for key in keys if key.startswith("k"))
        return super().network_s(keys) + self.fold_s * math.log(1.0 + wide)


def test_a_campaign_finds_what_large_networks_cost_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    table, layout = stand_in_for_export(monkeypatch), medium()
    costs = hidden_costs(layout)
    usual = sum(costs.values()) / len(costs)
    device = Cached(table, costs, noise=0.002, fold_s=2 * usual)
    profile = run(device, layout, SHORT)
    fit = profile.fits[0]
    assert fit.between is not None and fit.between.seconds["weights"] > 0
    errors = []
    for made, _ in zip(random_networks(layout, 17), range(40), strict=False):
        truth = device.network_s(part_keys(layout, made))
        errors.append(abs(predict(profile, layout, made).latency_s / truth - 1))
    assert np.median(errors) < 0.015  # the network without any block is far from all that was measured


def test_what_is_learned_of_one_network_moves_what_is_between_too() -> None:
    profile, layout = with_between(cifar()), cifar()
    made = built(at3="k3_e1_g2")
    before = predict(profile, layout, made).latency_s
    better = learn(profile, layout, made, before * 1.1, before * 1e-4)
    after = predict(better, layout, made).latency_s
    assert before < after <= before * 1.1 + 1e-9
    old, new = profile.fits[0].between, better.fits[0].between
    assert old is not None and new is not None and old.seconds != new.seconds
