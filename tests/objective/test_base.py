from __future__ import annotations

import math

import pytest
import torch

from tests.objective.conformance import make_terms
from wattnas.errors import ConfigError, NumericError
from wattnas.objective import CCEL, HANNA, S1, S2, FBNet, Loss, check_finite, make_objective

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


def test_check_finite_lets_finite_pass() -> None:
    check_finite(S1(0.8)(make_terms((1.0, 0.5, 1e-3, 1.0))), "search, epoch 0, step 0")


def test_check_finite_names_each_input_that_is_to_blame() -> None:
    loss = S1(0.8)(make_terms((math.nan, 0.5, 1e-3, math.inf)))
    with pytest.raises(NumericError) as caught:
        check_finite(loss, "search, epoch 4, step 2")
    assert caught.value.message == "search, epoch 4, step 2: cross entropy is nan, expected energy is inf."
    assert caught.value.exit_code == 1


def test_check_finite_names_the_part_where_only_the_loss_overflowed() -> None:
    """(1000 s)^200 is beyond any float."""
    loss = HANNA(0.8, beta=200.0)(make_terms((1.0, 0.5, 1000.0, 1.0)))
    with pytest.raises(NumericError, match=r"^here: latency term is inf, loss is inf\."):
        check_finite(loss, "here")


def test_check_finite_takes_mixed_precision() -> None:
    terms = make_terms((1.0, 0.5, 1e-3, 1.0))
    loss = S2(0.8)(terms)
    half = Loss(loss.total.float(), loss.classification.half(), loss.latency, loss.energy, terms)
    check_finite(half, "here")
    with pytest.raises(NumericError, match="classification term is nan"):
        check_finite(Loss(half.total, torch.tensor(math.nan), half.latency, half.energy, terms), "here")
