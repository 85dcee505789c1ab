from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.energy_result import DERIVED, EnergyResult, Window
from wattnas.agent.meters import Marker
from wattnas.errors import MeterError

# 2 W at rest, then 2.1 W; three windows of 10 s with 10, 20 and 10 runs at 5, 6 and 4 W
RESULT = EnergyResult(
    meter="m",
    domain="d",
    idle=(Window(0, 10, 0, 2.0, 0.01), Window(100, 110, 0, 2.08, 0.01)),
    windows=(Window(20, 30, 10, 5.0, 0.1), Window(40, 50, 20, 6.0, 0.1), Window(60, 70, 10, 4.0, 0.1)),
    notes=("a note",),
)


def test_everything_that_follows_by_hand() -> None:
    # joules of a run: 50/10, 60/20, 40/10 = 5, 3, 4
    assert RESULT.joules == pytest.approx(4.0)
    assert RESULT.seconds == pytest.approx(30 / 40)
    assert RESULT.watts == pytest.approx(5.0)
    assert RESULT.idle_watts == pytest.approx(2.04)
    assert RESULT.net_j == pytest.approx(4.0 - 2.04 * 0.75)
    assert RESULT.drift == pytest.approx(0.04)
    assert RESULT.rejected is None and not RESULT.pending
    # scatter of 5, 3, 4 is 1, over sqrt(3); the meter's own is smaller
    assert RESULT.sigma_j == pytest.approx(1 / math.sqrt(3))
    assert RESULT.net_sigma_j == pytest.approx(math.hypot(1 / math.sqrt(3), 0.04 * 0.75))


def test_the_meters_own_spread_counts_where_windows_agree_by_chance() -> None:
    windows = tuple(Window(20 * i, 20 * i + 10, 10, 5.0, 0.3) for i in (1, 2, 3, 4))
    # each 0.3 W over 10 s and 10 runs: 0.3 J; a mean of four: half of it
    assert replace(RESULT, windows=windows).sigma_j == pytest.approx(0.15)


def test_a_log_that_may_be_shifted_widens_the_spread() -> None:
    windows = tuple(Window(20 * i, 20 * i + 10, 10, 5.0, 0.0) for i in (1, 2, 3, 4))
    shifted = replace(RESULT, windows=windows, offset_sigma_s=0.1)
    # both ends of 10 runs off by 0.1 s at a step of 5 - 2.04 W
    assert shifted.sigma_j == pytest.approx(math.sqrt(2) * 0.1 * 2.96 / 10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fault": "throttled: hot"}, "throttled: hot"),
        ({"idle": RESULT.idle[:1]}, "not taken after"),
        ({"drift_limit": 0.03}, "drifted by 4.0%, from 2 W to 2.08 W"),
        ({"windows": (Window(0, 10, 10, 1.9),)}, "1.9 W under load and 2.04 W at rest"),
        ({"windows": (Window(0, 10, 10),)}, "has not been read"),
    ],
)
def test_what_speaks_against_a_result(change: dict[str, Any], words: str) -> None:
    assert words in str(replace(RESULT, **change).rejected)


def test_what_a_log_has_yet_to_tell_is_none() -> None:
    pending = replace(RESULT, windows=(Window(0, 10, 10), Window(20, 30, 10, 5.0)))
    assert pending.pending
    assert (pending.joules, pending.sigma_j, pending.net_j, pending.watts) == (None, None, None, None)
    assert pending.seconds == 1.0


@pytest.mark.parametrize(
    "values",
    [
        (1.0, 1.0, 1),
        (2.0, 1.0, 1),
        (0.0, 1.0, -1),
        (0.0, math.inf, 1),
        (0.0, 1.0, 1, 0.0),
        (0.0, 1.0, 1, -1.0),
        (0.0, 1.0, 1, math.nan),
        (0.0, 1.0, 1, 1.0, -1.0),
    ],
)
def test_what_is_no_window(values: tuple[Any, ...]) -> None:
    with pytest.raises(MeterError):
        Window(*values)


@pytest.mark.parametrize("change", [{"idle": ()}, {"windows": ()}, {"windows": (Window(0, 10, 0, 5.0),)}])
def test_what_is_no_result(change: dict[str, Any]) -> None:
    with pytest.raises(MeterError):
        replace(RESULT, **change)


@pytest.mark.parametrize("result", [RESULT, replace(RESULT, fault="x", marker=Marker(1, 2, 3, 4), boot="b")])
def test_a_result_comes_back_from_json(result: EnergyResult) -> None:
    stored = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert EnergyResult.from_json(stored) == result
    assert set(DERIVED) <= set(stored) and stored["joules"] == result.joules
    assert (
        EnergyResult.from_json({"kind": "energy", "item": "x", **stored, "joules": 99}).joules
        == result.joules
    )


@pytest.mark.parametrize("key", ["meter", "domain", "idle", "windows", "drift_limit"])
def test_a_result_that_lacks_something(key: str) -> None:
    stored = RESULT.to_json()
    del stored[key]
    with pytest.raises(MeterError, match=key):
        EnergyResult.from_json(stored)


@pytest.mark.parametrize(
    "change",
    [
        *({"meter": 3}, {"idle": 5}, {"windows": [[0, 1, 1]]}, {"windows": [[0, 1, 1.5, 1, None]]}),
        *({"windows": [[0, 1, True, 1, None]]}, {"windows": [["0", 1, 1, 1, None]]}, {"marker": [1, 2]}),
        *(
            {"windows": [[0, 10**400, 1, 1, None]]},
            {"drift_limit": math.nan},
            {"notes": "no list"},
            {"fault": 1},
        ),
    ],
)
def test_a_result_that_holds_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(MeterError):
        EnergyResult.from_json({**RESULT.to_json(), **change})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON)
def test_any_json_is_a_result_or_our_error(raw: Any) -> None:
    with pytest.raises(MeterError):
        EnergyResult.from_json(raw)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(RESULT.to_json())), JSON, max_size=3))
def test_a_result_with_parts_exchanged_is_a_result_or_our_error(change: dict[str, Any]) -> None:
    try:
        result = EnergyResult.from_json({**RESULT.to_json(), **change})
    except MeterError:
        return
    json.dumps(result.to_json(), allow_nan=False)
