"""Files of a run: what is missing is None, what is damaged is named."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.fake_run import STAGES, make_run
from wattnas.errors import RunError
from wattnas.report.page import build_page
from wattnas.report.read import read_run

FILES = ("run.json", "architecture.json", "costs.json", "verification.json", "metrics.jsonl")


def edit(path: Path, *keys: Any, value: Any) -> None:
    """Set one value inside a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def test_everything_is_read(tmp_path: Path) -> None:
    files = read_run(make_run(tmp_path / "mine"))
    assert files.name == "mine" and files.manifest.settings.goal_accuracy == 0.65
    assert files.costs is not None and len(files.costs.layers) == 22
    assert len(files.search) == 100 and len(files.train) == 120
    content = (tmp_path / "mine" / "model.onnx").read_bytes()
    assert files.model is not None and files.model.sha256 == hashlib.sha256(content).hexdigest()
    assert files.model.size_bytes == len(content)


@pytest.mark.parametrize("count", range(5))
def test_a_run_is_read_at_every_stage(tmp_path: Path, count: int) -> None:
    files = read_run(make_run(tmp_path, done=STAGES[:count]))
    assert (files.architecture is not None) == (files.costs is not None) == (count > 0)
    assert (files.model is not None) == (count > 2)
    assert (files.verification is not None) == (count > 3)


def test_files_of_a_stage_that_was_begun_anew_do_not_count(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    stages = json.loads((path / "run.json").read_text())["stages"]
    edit(path / "run.json", "stages", value={"search": stages["search"], "train": {"state": "running"}})
    files = read_run(path)
    assert files.costs is not None and files.model is None and files.verification is None


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        read_run(tmp_path)
    with pytest.raises(RunError, match="not a run directory"):
        read_run(tmp_path / "absent")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content", [b"{", b"[1]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b'{"stage": "search"}\n']
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = make_run(tmp_path)
    if name == "metrics.jsonl" and content == b"{":
        pytest.skip("a last line that a kill cut short is no damage")
    (path / name).write_bytes(content)
    with pytest.raises(RunError, match=re.escape(name)):
        read_run(path)


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        ("run.json", ("settings", "goal_accuracy"), 80),
        ("run.json", ("data", "classes"), "cat"),
        ("run.json", ("stages", "search", "wall_s"), "long"),
        ("costs.json", ("latency_s",), float("nan")),
        ("costs.json", ("macs",), 10**400),
        ("costs.json", ("layers",), []),
        ("costs.json", ("layers", 3, "operation"), "skip"),
        ("costs.json", ("sources", "energy_j", "origin"), "guessed"),
        ("architecture.json", ("operations",), []),
        ("architecture.json", ("operations", 0), "k5_e6"),
        ("verification.json", ("accuracy", "accuracy"), 1.5),
        ("verification.json", ("certainty",), "surely"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    tmp_path: Path, name: str, keys: tuple[Any, ...], value: Any
) -> None:
    path = make_run(tmp_path)
    edit(path / name, *keys, value=value)
    with pytest.raises(RunError, match=re.escape(name)):
        read_run(path)


def test_a_bad_line_of_the_log_is_counted(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    lines = (path / "metrics.jsonl").read_text().splitlines()
    lines[4] = '{"stage": "search", "epoch": 0, "step": 5, "probabilities": [[0.5, 0.5], [1.0]]}'
    (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(RunError, match=r"line 5: probabilities: .*no matrix"):
        read_run(path)


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "train", "epo')
    assert len(read_run(path).train) == 120


def test_unknown_keys_are_left_alone(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    for name in FILES[:-1]:
        edit(path / name, "new_key", value={"of": "a later version"})
    assert read_run(path).verification is not None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
places = st.sampled_from(
    [
        ("run.json", "stages"),
        ("run.json", "data"),
        ("run.json", "data", "splits"),
        ("run.json", "data", "skipped"),
        ("run.json", "space"),
        ("run.json", "settings", "data"),
        ("run.json", "settings", "search"),
        ("run.json", "warnings"),
        ("costs.json", "fixed"),
        ("costs.json", "layers", 0, "out_channels"),
        ("costs.json", "scope"),
        ("verification.json", "accuracy", "per_class"),
        ("verification.json", "latency"),
        ("verification.json", "date"),
    ]
)


@given(place=places, value=anything)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_file_gives_a_page_or_a_run_error(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: Any
) -> None:
    path = make_run(tmp_path_factory.mktemp("any"))
    edit(path / place[0], *place[1:], value=value)
    try:
        build_page(read_run(path))
    except RunError as error:
        assert place[0] in str(error)
