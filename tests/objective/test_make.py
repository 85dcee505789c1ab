from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.errors import ConfigError
from wattnas.objective import HANNA, S1, FBNet, known_methods, make_objective


def test_every_known_method_can_be_made() -> None:
    assert set(known_methods()) == {"s1", "s2", "fbnet", "hanna", "ccel", "fbnet1", "fbnet2", "fbnet3"}
    for method in known_methods():
        assert make_objective(method, 0.8).goal == 0.8


def test_presets() -> None:
    """DESIGN.md: FBNet1 alpha 0.5, beta 0.6; FBNet2 0.2, 0.4; FBNet3 T = log, 0.5, 0.5, 1.5, 0.5."""
    assert make_objective("fbnet1", 0.8) == FBNet(0.8, alpha=0.5, beta=0.6)
    assert make_objective("fbnet2", 0.8) == FBNet(0.8, alpha=0.2, beta=0.4)
    fbnet3 = HANNA(0.8, alpha=0.5, beta=0.5, gamma=1.5, delta=0.5, transform="log")
    assert make_objective("fbnet3", 0.8) == fbnet3


def test_options_override_a_preset() -> None:
    assert make_objective("fbnet2", 0.8, beta=0.7) == FBNet(0.8, alpha=0.2, beta=0.7)


def test_defaults_are_the_papers() -> None:
    assert make_objective("s1", 0.65) == S1(0.65, beta=0.5, log_form="power_of_log")


def test_unknown_method_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"There is no method 's3'\. Methods: s1, s2, fbnet, hanna, ccel,"):
        make_objective("s3", 0.8)


@pytest.mark.parametrize("option", ["alpha", "goal", "method", "name", "self", "Beta"])
def test_unknown_options_are_refused_by_name(option: str) -> None:
    with pytest.raises(
        ConfigError, match=f"Objective 's1' has no setting '{option}'. Its settings are beta, log_form"
    ):
        make_objective("s1", 0.8, **{option: 0.5})


def test_an_objective_without_settings_says_so() -> None:
    with pytest.raises(
        ConfigError, match=r"Objective 'ccel' has no setting 'beta'. It has none besides the goal\."
    ):
        make_objective("ccel", 0.8, beta=0.5)


@given(
    st.sampled_from(known_methods()) | st.text(),
    st.floats() | st.integers(-2, 2),
    st.dictionaries(
        st.sampled_from(["alpha", "beta", "gamma", "delta", "log_form", "transform"]) | st.text(),
        st.floats()
        | st.integers()
        | st.text()
        | st.booleans()
        | st.none()
        | st.sampled_from(["log", "identity"]),
        max_size=3,
    ),
)
def test_only_config_errors_come_out(method: str, goal: float, options: dict[str, object]) -> None:
    try:
        objective = make_objective(method, goal, **options)
    except ConfigError:
        return
    assert 0 < objective.goal <= 1
