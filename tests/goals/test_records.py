"""What is kept of a training: whole, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wattnas.goals.records import Predicted, TrainedRecord

shares = st.floats(0, 1)
predictions = st.builds(Predicted, accuracy=shares, low=shares, high=shares, known=st.integers(0, 1000))
GOOD: dict[str, Any] = {
    "operations": ["skip", "k3_e1"],
    "correct": 7,
    "n": 8,
    "inherited_correct": 3,
    "inherited_n": 4,
    "predicted": None,
    "seconds": 1.5,
    "date": "2026-01-01T00:00:00+00:00",
}


@given(
    counts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)), min_size=2, max_size=2),
    operations=st.lists(st.text(max_size=5), max_size=4),
    predicted=st.none() | predictions,
    seconds=st.floats(0, 1e9),
)
def test_a_record_survives_its_file(
    counts: list[tuple[int, int]], operations: list[str], predicted: Predicted | None, seconds: float
) -> None:
    (correct, wrong), (inherited, missed) = counts
    record = TrainedRecord(
        operations=tuple(operations),
        correct=correct,
        n=correct + wrong,
        inherited_correct=inherited,
        inherited_n=inherited + missed,
        predicted=predicted,
        seconds=seconds,
        date="2026",
    )
    assert TrainedRecord.model_validate_json(record.model_dump_json(indent=1)) == record
    assert record.accuracy == correct / (correct + wrong)


@pytest.mark.parametrize(
    "changed",
    [
        {"correct": 9},
        {"inherited_correct": 5},
        {"n": 0, "correct": 0},
        {"correct": -1},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"goal": 0.5},
        {"predicted": {"accuracy": 1.1, "low": 0.1, "high": 0.2, "known": 0}},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    assert TrainedRecord.model_validate(GOOD).accuracy == 7 / 8
    with pytest.raises(ValidationError):
        TrainedRecord.model_validate(GOOD | changed)
