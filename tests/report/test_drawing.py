"""The drawing against the space it comes from."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import pytest

from tests.report.fake_run import COLOURFUL, S1_L80, make_run
from wattnas.report.drawing import build_drawing
from wattnas.report.read import RunFiles, read_run

# Table 1 of Ozawa et al., as DESIGN.md reads it: (layers, channels, side).
STAGES = [(1, 16, 32), (4, 24, 16), (4, 32, 8), (4, 64, 4), (4, 96, 4), (4, 160, 2), (1, 320, 2)]


def test_stages_are_those_of_the_space(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None
    stem, *stages, head = drawing.groups
    assert stem.heading == "Input: 3 × 32 × 32" and stem.blocks[0].shape == "16 × 32 × 32"
    assert head.heading == "Output: 10 classes"
    assert [len(stage.blocks) for stage in stages] == [layers for layers, _, _ in STAGES]
    for stage, (_, channels, side) in zip(stages, STAGES, strict=True):
        assert {block.shape for block in stage.blocks} == {f"{channels} × {side} × {side}"}


def test_blocks_stand_in_the_order_of_the_layers(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None
    blocks = [block for group in drawing.groups[1:-1] for block in group.blocks]
    assert [block.name for block in blocks] == COLOURFUL.split() == list(drawing.operations)
    assert [block.place for block in blocks] == [str(index) for index in range(22)]


def test_width_grows_with_the_root_of_the_channels(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None
    widths = {group.blocks[0].shape.split()[0]: group.blocks[0].width for group in drawing.groups}
    assert widths["320"] == 100
    assert widths["24"] == pytest.approx(100 * sqrt(24 / 320), abs=0.05)


def test_skips_say_whether_they_do_anything(tmp_path: Path) -> None:
    drawing = build_drawing(read_run(make_run(tmp_path, operations=S1_L80)))
    assert drawing is not None
    notes = {block.place: block.note for group in drawing.groups for block in group.blocks}
    assert notes["0"] == notes["20"] == "identity"
    assert notes["17"] == "1 × 1 convolution, stride 2" and notes["21"] == "1 × 1 convolution"
    assert notes["1"] == "stride 2"


def test_the_legend_names_each_candidate_once_and_skip_last(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None
    names = [name for name, _ in drawing.legend]
    assert sorted(names) == sorted(set(COLOURFUL.split())) and names[-1] == "skip"


def test_titles_hold_the_costs_with_their_origin(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None and files.costs is not None
    title = drawing.groups[1].blocks[0].title
    assert (
        title == "Layer 0: k3_e1, 16 × 32 × 32; 1.732 ms measured, 674.5 mJ measured"
    )  # the published table


def test_without_costs_the_names_are_drawn(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    (path / "costs.json").unlink()
    drawing = build_drawing(read_run(path))
    assert drawing is not None and len(drawing.groups) == 1
    assert [block.name for block in drawing.groups[0].blocks] == COLOURFUL.split()
    assert drawing.groups[0].blocks[0].shape == ""


def test_keys_of_a_later_version_are_shown_without_details(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    content = json.loads((path / "costs.json").read_text())
    for fixed in content["fixed"]:
        fixed["key"] = "something else"
    (path / "costs.json").write_text(json.dumps(content))
    drawing = build_drawing(read_run(path))
    assert drawing is not None
    assert drawing.groups[0].heading == "Input" and drawing.groups[-1].heading == "Output"


def test_nothing_to_draw(tmp_path: Path) -> None:
    assert build_drawing(read_run(make_run(tmp_path, done=()))) is None
