"""analysis.json: read, and refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.fake_analysis import content, make_analysis
from wattnas.errors import RunError
from wattnas.report.analysis_file import NAME, read_analysis


def test_it_is_read(tmp_path: Path) -> None:
    found = read_analysis(make_analysis(tmp_path))
    alexnet = found.rows[0]
    assert alexnet.latency[4].value == 3 * 0.014 and alexnet.power[1].unit == "W"
    assert alexnet.top1 is not None and alexnet.top1.origin == "literature"
    assert alexnet.size is not None and alexnet.size.value == 61_100_840
    assert found.findings[0].estimates["r"].low == 0.884


def test_damage_is_named(tmp_path: Path) -> None:
    damaged = content()
    damaged["rows"][1]["macs"]["value"] = "many"
    (tmp_path / NAME).write_text(json.dumps(damaged))
    with pytest.raises(RunError, match=r"rows\.1\.macs\.value"):
        read_analysis(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(content() | {"format": 2}))
    with pytest.raises(RunError, match="a format this version does not read"):
        read_analysis(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        read_analysis(tmp_path)
