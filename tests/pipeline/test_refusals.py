"""What is refused before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builds import round_profile, settings
from wattnas.device import NetworkCosts, network_costs
from wattnas.errors import ConfigError, GoalError
from wattnas.pipeline.refusals import SHOW, refuse_impossible, refuse_method
from wattnas.space import Layout, load_space


@pytest.fixture
def costs(inputs: Path) -> NetworkCosts:
    """Three layers; the cheapest candidate costs 1 ms and 10 mJ in each."""
    layout = Layout.resolve(load_space(str(inputs / "toy.yaml")), classes=10)
    return network_costs(round_profile(layout), layout)


@pytest.mark.parametrize("method", ["goal", "s1", "s2", "fbnet", "hanna"])
def test_every_method_is_accepted(inputs: Path, method: str) -> None:
    refuse_method(settings(inputs, method=method))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"method": "s3"}, r"no method 's3'.*Methods: goal, .*s2"),
        ({"method": "goal", "objective": {"beta": 1.0}}, r"no option 'beta'.*select\.\*"),
        ({"method": "goal", "inherit": True}, r"from scratch.*--inherit"),
        ({"method": "s2", "objective": {"nonsense": 1.0}}, r"nonsense"),
    ],
)
def test_what_a_method_is_not_is_named(inputs: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        refuse_method(settings(inputs, **changed))


@pytest.mark.parametrize(
    ("flag", "kept", "broken", "shown"),
    [("max_latency", "3.001ms", "2.9ms", "3 ms"), ("max_energy", "0.0301J", "0.029J", "30 mJ")],
)
def test_a_bound_below_the_least_is_refused_with_the_least(
    inputs: Path, costs: NetworkCosts, flag: str, kept: str, broken: str, shown: str
) -> None:
    refuse_impossible(settings(inputs, method="goal", **{flag: kept}), costs)
    with pytest.raises(GoalError, match=shown):
        refuse_impossible(settings(inputs, method="goal", **{flag: broken}), costs)


def test_parameters_count_with_stem_and_head(inputs: Path, costs: NetworkCosts) -> None:
    least = int(costs.tables["params"].amin(1).sum()) + int(costs.fixed["params"])
    refuse_impossible(settings(inputs, method="goal", max_params=str(least)), costs)
    with pytest.raises(GoalError, match="params"):
        refuse_impossible(settings(inputs, method="goal", max_params=str(least - 1)), costs)


def test_memory_needs_room_for_the_fewest_parameters(inputs: Path, costs: NetworkCosts) -> None:
    """4 bytes for each, and for what is alive at the worst moment."""
    least = int(4 * (costs.tables["params"].amin(1).sum() + costs.fixed["params"]))
    with pytest.raises(GoalError, match="memory_bytes"):
        refuse_impossible(settings(inputs, method="goal", max_memory=f"{least}B"), costs)
    refuse_impossible(settings(inputs, method="goal", max_memory="10MB"), costs)


def test_without_bounds_nothing_is_refused(inputs: Path, costs: NetworkCosts) -> None:
    refuse_impossible(settings(inputs, method="goal"), costs)


def test_every_cost_can_be_shown(costs: NetworkCosts) -> None:
    assert set(SHOW) == {*costs.tables, "memory_bytes"}
