"""Jobs: what a good one asks of workers, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.stand_in import job_of, sha256
from wattnas.agent.job import Job, key_of, seal
from wattnas.errors import DeviceError

SHA = {name: sha256(name.encode()) for name in ("a", "b", "c", "base")}
IMAGES = sha256(b"images")


def test_the_tasks_of_a_job() -> None:
    job = Job.from_json(
        seal(
            job_of(
                [["a", "b"], ["c"]],
                threads=2,
                protocol={"rounds": 9, "attempts": 5},
                meter="rapl",
                energy={"items": ["b"], "protocol": {"windows": 5}},
                predict={"model": "c", "images": IMAGES, "batch": 64},
            )
        )
    )
    time, how = {"task": "time", "protocol": {"rounds": 9, "attempts": 5}}, {"threads": 2, "pin": True}
    energy = {"task": "energy", "item": "b", "meter": "rapl", "protocol": {"windows": 5}}
    assert [tuple(task) for task in job.tasks()] == [
        (("stretch", 0), time | how, {"anchor": SHA["base"]}, {"a": SHA["a"], "b": SHA["b"]}),
        (("stretch", 1), time | how, {"anchor": SHA["base"]}, {"c": SHA["c"]}),
        (
            ("classes", 0),
            {"task": "predict", "batch": 64, "threads": 2},
            {"model": SHA["c"], "images": IMAGES},
            {},
        ),
        (("energy", "b"), energy | how, {"model": SHA["b"]}, {}),
    ]
    assert job.files == sorted([*SHA.values(), IMAGES]) and job.attempts == 5


def test_a_job_of_one_prediction() -> None:
    job = {"models": {"a": SHA["a"]}, "predict": {"model": "a", "images": IMAGES, "batch": 1}}
    (task,) = Job.from_json(seal(job)).tasks()
    assert task.key == ("classes", 0) and task.label == "classes 0"


def test_the_name_of_a_job_is_the_hash_of_the_rest() -> None:
    sealed = seal(job_of([["a"]]))
    assert seal(sealed) == sealed and seal(job_of([["b"]]))["job"] != sealed["job"]
    with pytest.raises(DeviceError, match="its name is not the hash"):
        Job.from_json({**sealed, "threads": 2})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stretches": [["z"]]}, "'z' is not among its models"),
        ({"stretches": [[]]}, "a stretch is empty"),
        ({"stretches": [["a", "a"]]}, "name one twice"),
        ({"stretches": [[1]]}, "no list of names"),
        ({"stretches": "ab"}, "stretches are no list"),
        ({"anchor": None}, "its stretches have no anchor"),
        ({"anchor": ["a"]}, "not among its models"),
        ({"threads": 0}, "threads"),
        ({"threads": True}, "threads"),
        ({"pin": 1}, "pin"),
        ({"protocol": {"attempts": 10**6}}, "attempts"),
        ({"protocol": []}, "protocol is no object"),
        ({"models": {"a": "../../x"}}, "model 'a' has no SHA-256"),
        ({"meter": 3}, "meter is no text"),
        ({"energy": {"items": ["a"]}}, "no meter is named"),
        ({"energy": {"watts": 3}}, "unknown part 'watts'"),
        ({"command": "rm"}, "unknown part 'command'"),
        ({"predict": {"model": "a", "images": "x.npy", "batch": 1}}, "images have no SHA-256"),
        ({"predict": {"model": "a", "images": IMAGES, "batch": 0}}, "batch"),
    ],
)
def test_jobs_that_are_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(DeviceError, match=reason):
        Job.from_json(seal(job_of([["a"]]) | change))


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.text(max_size=3)
    | st.sampled_from([*SHA, *SHA.values()]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SHA, "items", "protocol"]), inner)
    ),
    max_leaves=6,
)
PARTS = ("models", "stretches", "anchor", "threads", "pin", "protocol", "meter", "energy", "predict")


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(PARTS), ANYTHING) | ANYTHING)
def test_random_jobs_end_in_our_error(change: Any) -> None:
    try:
        raw = seal(job_of([["a"]]) | change) if isinstance(change, dict) else change
        list(Job.from_json(raw).tasks())
    except DeviceError as error:
        assert error.message.startswith("The job does not do")


def test_what_results_answer() -> None:
    assert key_of({"kind": "stretch", "index": 3}) == ("stretch", 3)
    assert key_of({"kind": "attempt", "index": 0}) == ("attempt", 0)
    assert key_of({"kind": "energy", "item": "a"}) == ("energy", "a")
    wrong: list[dict[str, Any]] = [{}, {"kind": []}, {"kind": "stretch", "index": True}]
    for entry in [*wrong, {"kind": "energy", "item": 3}]:
        with pytest.raises(DeviceError):
            key_of(entry)
