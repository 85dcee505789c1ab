from __future__ import annotations

import math

import pytest

from wattnas.errors import ConfigError
from wattnas.objective import CCEL, HANNA, S1, S2, FBNet, make_objective

BAD_NUMBERS = [0, -1, -0.5, math.nan, math.inf, True, "0.5", None]


@pytest.mark.parametrize("goal", [*BAD_NUMBERS, 1.0001, 80])
@pytest.mark.parametrize("kind", [CCEL, S1, S2, FBNet, HANNA])
def test_goals_out_of_range(kind: type[CCEL], goal: float) -> None:
    with pytest.raises(ConfigError, match="The goal accuracy is"):
        kind(goal)


@pytest.mark.parametrize("value", [bad for bad in BAD_NUMBERS if bad != 1])
@pytest.mark.parametrize(
    ("kind", "setting"),
    [(S1, "beta"), (S2, "beta"), (FBNet, "alpha"), (FBNet, "beta")]
    + [(HANNA, name) for name in ("alpha", "beta", "gamma", "delta")],
)
def test_numbers_out_of_range_are_named(kind: type[FBNet], setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"^{setting} of objective '{kind.name}' is "):
        make_objective(kind.name, 0.8, **{setting: value})


@pytest.mark.parametrize("kind", [S1, S2, FBNet, HANNA])
@pytest.mark.parametrize("form", ["log", "", None, 1])
def test_unknown_log_form(kind: type[S1], form: str) -> None:
    with pytest.raises(ConfigError, match=r"log_form of objective.*power_of_log, log_of_power"):
        kind(0.8, log_form=form)  # type: ignore[arg-type]


def test_a_whole_number_is_the_same_setting() -> None:
    assert S2(1, beta=1) == S2(1.0, beta=1.0)
    assert str(S2(1, beta=1).settings()) == str(S2(1.0, beta=1.0).settings())


def test_settings_say_everything() -> None:
    assert HANNA(0.8, transform="log").settings() == {
        "method": "hanna",
        "goal": 0.8,
        "alpha": 0.2,
        "beta": 0.6,
        "gamma": 0.6,
        "delta": 0.6,
        "transform": "log",
        "log_form": "power_of_log",
    }
