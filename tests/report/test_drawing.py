"""The drawing against the space it comes from."""

from __future__ import annotations

import json
from pathlib import Path

from tests.report.fake_run import COLOURFUL, S1_L80, make_run
from wattnas.report.drawing import Network, build_drawing, looks_of, note_of
from wattnas.report.read import RunFiles, read_run
from wattnas.report.references import published

# Table 1 of Ozawa et al., as DESIGN.md reads it: (layers, channels, side).
STAGES = [(1, 16, 32), (4, 24, 16), (4, 32, 8), (4, 64, 4), (4, 96, 4), (4, 160, 2), (1, 320, 2)]


def own(files: RunFiles) -> Network:
    drawing = build_drawing(files)
    assert drawing is not None
    return drawing.own


def test_shapes_are_those_of_the_space(files: RunFiles) -> None:
    stem, *layers, head = own(files).blocks
    wanted = [(channels, side) for count, channels, side in STAGES for _ in range(count)]
    assert [(block.channels, block.size) for block in layers] == wanted
    assert (stem.shape, stem.note) == ("16 × 32 × 32", "3 × 3 convolution")
    assert (head.shape, head.note) == ("320 × 2 × 2", "10 classes")


def test_blocks_stand_in_the_order_of_the_layers(files: RunFiles) -> None:
    network = own(files)
    assert [block.name for block in network.layers] == COLOURFUL.split()
    assert [block.place for block in network.layers] == [str(index) for index in range(22)]


def test_skips_say_whether_they_do_anything(tmp_path: Path) -> None:
    network = own(read_run(make_run(tmp_path, operations=S1_L80)))
    notes = {block.place: block.note for block in network.blocks}
    assert notes["0"] == notes["20"] == "identity"
    assert notes["17"] == "1 × 1 convolution, stride 2" and notes["21"] == "1 × 1 convolution"
    assert notes["1"] == "stride 2"
    assert note_of("k3_e1", 16, 24, 1) == ""


def test_the_legend_names_each_candidate_once_and_skip_last() -> None:
    looks = looks_of(["skip", "k3_e6", "skip", "k3_e1_g2"])
    assert list(looks) == ["k3_e1_g2", "k3_e6", "skip", "stem and head"]
    assert looks["k3_e1_g2"]["stripe"] and looks["skip"]["outlined"] and looks["stem and head"]["end"]


def test_blocks_hold_the_costs_with_their_origin(files: RunFiles) -> None:
    block = own(files).layers[0]
    assert block.cost == "1.732 ms measured, 674.5 mJ measured"  # the published table
    text = block.to_json()["text"]
    assert text == "Layer 0: k3_e1<br>16 × 32 × 32<br>1.732 ms measured, 674.5 mJ measured"


def test_published_networks_stand_beside_it_in_its_shapes(files: RunFiles) -> None:
    drawing = build_drawing(files)
    assert drawing is not None
    assert [network.name for network in drawing.beside] == [entry.name for entry in published("cifar")]
    for network, entry in zip(drawing.beside, published("cifar"), strict=True):
        assert tuple(block.name for block in network.layers) == entry.operations
        assert [block.shape for block in network.blocks] == [block.shape for block in drawing.own.blocks]
        assert all(block.cost == "" for block in network.layers)  # nobody has measured them on this device


def test_other_spaces_have_none_beside(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    content = json.loads((path / "run.json").read_text())
    content["space"]["name"] = "mine"
    (path / "run.json").write_text(json.dumps(content))
    drawing = build_drawing(read_run(path))
    assert drawing is not None and drawing.beside == ()


def test_names_of_users_are_escaped_where_plotly_draws_them(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    content = (path / "costs.json").read_text().replace('"k3_e1"', '"<i>x"')
    (path / "costs.json").write_text(content)
    (path / "architecture.json").write_text(
        (path / "architecture.json").read_text().replace('"k3_e1"', '"<i>x"')
    )
    drawing = build_drawing(read_run(path))
    assert drawing is not None
    found = drawing.to_json()["all"][0]["blocks"][1]
    assert found["text"].startswith("Layer 0: &lt;i&gt;x<br>") and found["name"] == "<i>x"


def test_without_costs_the_names_are_drawn(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    (path / "costs.json").unlink()
    network = own(read_run(path))
    assert [block.name for block in network.blocks] == COLOURFUL.split()
    assert network.blocks[0].shape == ""


def test_keys_of_a_later_version_are_shown_without_details(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    content = json.loads((path / "costs.json").read_text())
    for fixed in content["fixed"]:
        fixed["key"] = "something else"
    (path / "costs.json").write_text(json.dumps(content))
    stem, *_, head = own(read_run(path)).blocks
    assert (stem.name, stem.note, head.note) == ("stem", "", "")


def test_nothing_to_draw(tmp_path: Path) -> None:
    assert build_drawing(read_run(make_run(tmp_path, done=()))) is None
