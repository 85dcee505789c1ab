"""What a profile keeps of a fit: nothing that is no covariance, and the same after reading it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.device.cases import fitted, toy
from wattnas.device.fitted import Anchor, Covariance, EnergyFit, Fit, rounded

GOOD: dict[str, Any] = {"keys": ("a", "b"), "rows": ((4.0,), (1.0, 9.0)), "misfit": 0.01}


def test_a_lower_triangle_stands_for_the_whole_matrix() -> None:
    found = Covariance(**GOOD)
    assert found.matrix().tolist() == [[4.0, 1.0], [1.0, 9.0]]
    assert found.variance(np.array([2.0, 3.0])) == 2 * 2 * 4 + 2 * 2 * 3 * 1 + 3 * 3 * 9


def test_a_matrix_is_kept_to_six_digits() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 5))
    whole = root @ root.T * 1e-12
    kept = Covariance.of(tuple("abcde"), whole, 0.02)
    assert kept.matrix() == pytest.approx(whole, rel=1e-5)
    assert np.array_equal(kept.matrix(), kept.matrix().T)
    assert rounded(0.0123456789) == 0.0123457


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rows": ((4.0,),)}, "lower triangle of 2 rows"),
        ({"rows": ((4.0, 1.0), (1.0, 9.0))}, "lower triangle"),
        ({"rows": ((4.0,), (1.0, -9.0))}, "negative"),
        ({"rows": ((4.0,), (6.1, 9.0))}, "larger than its variances allow"),
        ({"rows": ((4.0,), (-6.1, 9.0))}, "larger than its variances allow"),
        ({"rows": ((0.0,), (0.1, 9.0))}, "larger than its variances allow"),
        ({"rows": ((1e300,), (1.0, 9.0))}, "above 1e\\+24"),
        ({"rows": ((float("nan"),), (1.0, 9.0))}, "finite"),
        ({"keys": ("a", "a")}, "twice"),
        ({"keys": (), "rows": ()}, "at least 1"),
        ({"misfit": -0.1}, "misfit"),
        ({"misfit": 2.0}, "misfit"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_no_covariance_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Covariance(**{**GOOD, **changed})


def test_two_parts_that_are_known_only_together_may_be_rounded() -> None:
    """A correlation of one, which six digits can make a little more."""
    sigma = np.array([1.2345678e-6, 7.6543211e-5])
    Covariance.of(("a", "b"), np.outer(sigma, sigma), 0.0)
    Covariance.of(("a", "b"), -np.outer(sigma, sigma) + 2 * np.diag(sigma**2), 0.0)


@pytest.mark.parametrize("kinds", [("a", "constant"), ("constant", "k3_e1"), ("k3_e1", "b")])
def test_watts_and_their_covariance_name_the_same_kinds(kinds: tuple[str, ...]) -> None:
    spread = Covariance.of(kinds, np.eye(2), 0.0)
    with pytest.raises(ValidationError, match="same kinds, the constant last"):
        EnergyFit(meter="m", watts={"k3_e1": 1.0, "constant": 0.1}, covariance=spread, networks=9)


def test_a_fit_is_json_and_reads_back() -> None:
    made = fitted(toy(), {"a": 1e-3, "b": 2e-3})
    again = Fit.model_validate_json(made.model_dump_json(), strict=True)
    assert again == made
    assert again.layout == toy()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-300, 1e300])
def test_an_anchor_takes_a_time_that_can_be_compared(seconds: float) -> None:
    raw = fitted(toy(), {"a": 1e-3}).model_dump()
    raw["anchor"]["seconds"] = seconds
    with pytest.raises(ValidationError, match="anchor"):
        Fit.model_validate(raw)


def test_an_anchor_of_before_statistics_were_chosen_is_one_of_undisturbed_runs() -> None:
    old = {"operations": ["skip"], "seconds": 1e-3, "usual": 1.1}
    assert Anchor.model_validate(old).statistic == "quiet"
    assert Anchor.model_validate({**old, "statistic": "median"}).statistic == "median"
    with pytest.raises(ValidationError, match="statistic"):
        Anchor.model_validate({**old, "statistic": "mean"})
