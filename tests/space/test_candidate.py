from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.space.strategies import candidates
from wattnas.errors import SpaceError
from wattnas.space import Candidate


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("k3_e1", Candidate(3, 1, 1)),
        ("k5_e1_g2", Candidate(5, 1, 2)),
        ("k7_e12_g4", Candidate(7, 12, 4)),
        ("skip", Candidate(0, 0)),
    ],
)
def test_parse(name: str, expected: Candidate) -> None:
    assert Candidate.parse(name) == expected
    assert expected.name == name


@given(candidates)
def test_names_round_trip(candidate: Candidate) -> None:
    assert Candidate.parse(candidate.name) == candidate
    assert candidate.is_skip == (candidate.name == "skip")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is not a candidate"),
        ("Skip", "is not a candidate"),
        ("k3", "is not a candidate"),
        ("k3_e1 ", "is not a candidate"),
        ("k3_e1\n", "is not a candidate"),
        ("k3_e1_g", "is not a candidate"),
        ("k-3_e1", "is not a candidate"),
        ("k٣_e1", "is not a candidate"),
        ("k" + "9" * 5000 + "_e1", "is not a candidate"),
        ("k4_e1", "even kernel"),
        ("k0_e1", "even kernel"),
        ("k3_e0", "expansion or group count of 0"),
        ("k3_e1_g0", "expansion or group count of 0"),
        ("k03_e1", "Write `k3_e1`"),
        ("k3_e1_g1", "Write `k3_e1`"),
    ],
)
def test_refused(name: str, reason: str) -> None:
    with pytest.raises(SpaceError, match=reason):
        Candidate.parse(name)


@given(st.text() | st.from_regex(r"k[0-9]*_e[0-9]*(_g[0-9]*)?\n?"))
def test_one_name_per_candidate_or_a_space_error(name: str) -> None:
    try:
        candidate = Candidate.parse(name)
    except SpaceError:
        return
    assert candidate.name == name
