from __future__ import annotations

import pytest
import torch

from tests.device.cases import PUBLISHED, campaign_profile, cifar, part_of_cifar, toy, toy_profile
from wattnas.device import cost_table, load_profile
from wattnas.errors import ProfileError
from wattnas.space import Layout, load_space


@pytest.mark.parametrize("name", PUBLISHED)
def test_one_hot_gates_pick_the_published_energy(name: str) -> None:
    """Ozawa et al., table 3: the joules of an architecture are the sum of its cells."""
    text, published_j, _ = PUBLISHED[name]
    layout = cifar()
    table = cost_table(load_profile("ozawa-2021"), layout)
    gates = torch.zeros_like(table.energy_j)
    for layer, operation in enumerate(text.split()):
        gates[layer, layout.space.candidates.index(operation)] = 1
    assert (gates * table.energy_j).sum().item() == pytest.approx(published_j, abs=0.0005)


def test_a_table_is_layers_by_candidates_in_double_precision() -> None:
    table = cost_table(load_profile("ozawa-2021"), cifar())
    assert table.latency_s.shape == table.energy_j.shape == (22, 9)
    assert table.latency_s.dtype == table.energy_j.dtype == torch.float64
    assert (table.device, table.space) == ("ozawa-2021", "cifar")


def test_published_cells_stand_where_they_belong() -> None:
    table = cost_table(load_profile("ozawa-2021"), cifar())
    assert table.latency_s[0, 0].item() == pytest.approx(1731.840920401737e-6, rel=1e-12)
    assert table.latency_s[21, 8].item() == pytest.approx(594.414800289087e-6, rel=1e-12)
    assert table.energy_j[20, 7].item() == 3.535507837
    assert [table.energy_j[layer, 0].item() for layer in (2, 3, 4)] == [
        0.8319508422,
        0.3804683715,
        0.9310478152,
    ]


def test_every_cell_has_its_quantity() -> None:
    table = cost_table(load_profile("ozawa-2021"), cifar())
    for layer, row in enumerate(table.cells):
        for column, cost in enumerate(row):
            assert cost.latency.value == table.latency_s[layer, column].item()
            assert cost.energy.value == table.energy_j[layer, column].item()
            assert cost.latency.source


def test_stem_and_head_cost_nothing_where_the_scope_leaves_them_out() -> None:
    table = cost_table(toy_profile("layers"), toy())
    assert (table.fixed_latency_s, table.fixed_energy_j, table.fixed) == (0.0, 0.0, ())
    assert "stem and head are not in the table" in table.scope


def test_stem_and_head_are_summed_where_the_scope_has_them() -> None:
    table = cost_table(toy_profile("network"), toy())
    assert table.fixed_latency_s == pytest.approx(0.103)
    assert table.fixed_energy_j == pytest.approx(1.03)
    assert [cost.latency.value for cost in table.fixed] == [0.1, 0.003]
    assert table.latency_s.tolist() == [[0.02, 0.0], [0.02, 0.0]]


def test_a_head_for_other_classes_is_not_covered() -> None:
    with pytest.raises(ProfileError, match="head_average 8x8x8 -> 8 -> 3"):
        cost_table(toy_profile("network"), toy(classes=3))


def test_a_space_with_some_of_the_shapes_takes_medians() -> None:
    """Layers 2, 3 and 4 of the published table have the shapes of the first two layers here."""
    table = cost_table(load_profile("ozawa-2021"), part_of_cifar())
    assert table.latency_s.shape == (3, 3)
    for layer in (0, 1):
        cell = table.cells[layer][2]
        assert cell.latency.value == pytest.approx(582.184239756316e-6, rel=1e-12)
        assert cell.latency.low == pytest.approx(581.6704599419609e-6, rel=1e-12)
        assert cell.latency.high == pytest.approx(674.2937403032556e-6, rel=1e-12)
        assert (cell.energy.value, cell.energy.low, cell.energy.high) == (
            0.8319508422,
            0.3804683715,
            0.9310478152,
        )
        assert (cell.latency.n, cell.energy.n) == (3, 3)
    assert table.cells[2][1].energy.value == 0.5582924419
    assert table.cells[2][0].latency.value == pytest.approx(205.616140156053e-6, rel=1e-12)


def test_a_space_that_is_not_covered_is_refused() -> None:
    layout = Layout.resolve(load_space("tiny"), classes=10)
    with pytest.raises(ProfileError) as caught:
        cost_table(load_profile("ozawa-2021"), layout)
    message = str(caught.value)
    assert "lacks 30 of the 30 entries" in message  # 5 shapes with 6 candidates each
    assert "k3_e1 24x28x28 -> 24 s1" in message
    assert "wattnas build --space tiny --device local" in message


def test_a_measured_profile_that_lacks_a_space_names_the_command_that_adds_it() -> None:
    layout = Layout.resolve(load_space("tiny"), classes=7)
    with pytest.raises(ProfileError) as caught:
        cost_table(campaign_profile(toy()), layout)
    assert "space 'tiny' needs" in caught.value.message
    assert "wattnas profile --device local --space tiny" in caught.value.hint
    assert "--classes 7 --add-to FILE" in caught.value.hint
