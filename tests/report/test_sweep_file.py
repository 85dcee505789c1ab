"""The format of a sweep: what is refused, and that nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.fake_sweep import make_sweep
from wattnas.errors import RunError
from wattnas.report.sweep_file import NAME, SweepFile, read_sweep

NUMBER = {"value": 0.7, "unit": "1", "origin": "measured", "source": "a test"}
LEAST: dict[str, Any] = {
    "title": "Small",
    "device": "local",
    "points": [
        {"name": "a", "accuracy": NUMBER, "energy_j": NUMBER | {"unit": "J"}, "command": "wattnas build"}
    ],
}


def read(tmp_path: Path, content: dict[str, Any]) -> SweepFile:
    (tmp_path / NAME).write_text(json.dumps(content))
    return read_sweep(tmp_path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    sweep = make_sweep(8)
    sweep.save(tmp_path / NAME)
    assert read_sweep(tmp_path) == sweep


def test_the_least_that_a_file_holds(tmp_path: Path) -> None:
    found = read(tmp_path, LEAST)
    assert found.minimize == "energy_j" and found.points[0].cost("macs") is None


def changed(**point: Any) -> dict[str, Any]:
    return {**LEAST, "points": [{**LEAST["points"][0], **point}]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (changed(accuracy={**NUMBER, "value": 70.0}), "accuracy of 'a' is no share between 0 and 1"),
        (changed(energy_j={**NUMBER, "unit": "s"}), "energy_j of 'a' has to be at least 0, in 'J'"),
        (changed(latency_s={**NUMBER, "unit": "s", "value": -1}), "latency_s of 'a' has to be at least 0"),
        (changed(energy=1), "energy: Extra inputs are not permitted"),
        (changed(command=""), "command"),
        ({**LEAST, "points": LEAST["points"] * 2}, "the name 'a' occurs more than once"),
        ({**LEAST, "points": []}, "points"),
        ({**LEAST, "format": 2}, "format"),
        ({**LEAST, "minimize": "macs"}, "no point has macs, which was minimised"),
        ({**LEAST, "layer_costs": [{}]}, "layer_costs has 1 layers, layers has 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(tmp_path: Path, content: dict[str, Any], reason: str) -> None:
    with pytest.raises(RunError) as caught:
        read(tmp_path, content)
    assert NAME in caught.value.message and reason in caught.value.message


def test_architectures_have_the_layers_of_the_space(tmp_path: Path) -> None:
    layer = {"in_channels": 3, "out_channels": 8, "out_size": 8, "stride": 1}
    with pytest.raises(RunError, match="'a' has another number of layers"):
        read(tmp_path, {**changed(architecture=["skip", "skip"]), "layers": [layer]})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        read_sweep(tmp_path)
