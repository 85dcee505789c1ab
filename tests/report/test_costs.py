"""Cost per layer against the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.fake_run import make_run
from tests.report.test_read import edit
from wattnas.report.costs import build_costs
from wattnas.report.read import RunFiles, read_run


def test_rows_are_those_of_the_file(files: RunFiles, finished: Path) -> None:
    table = build_costs(files.costs)
    saved = json.loads((finished / "costs.json").read_text())
    assert table is not None
    stem, *layers, head = table.rows
    assert (stem.place, head.place) == ("stem", "head")
    for row, layer in zip(layers, saved["layers"], strict=True):
        assert row.operation == layer["operation"] and row.place == str(layer["layer"])
        assert row.latency.number is not None and row.latency.number.value == layer["latency_s"]
        assert row.energy.number is not None and row.energy.number.value == layer["energy_j"]
        assert (row.macs.value, row.params.value) == (layer["macs"], layer["params"])
        assert row.latency.origin == row.energy.origin == "measured"


def test_rows_add_up_to_the_total(files: RunFiles) -> None:
    table = build_costs(files.costs)
    assert table is not None
    assert sum(row.params.value for row in table.rows) == table.total.params.value
    assert sum(row.macs.value for row in table.rows) == table.total.macs.value
    energies = [row.energy.number.value for row in table.rows if row.energy.number is not None]
    assert table.total.energy.number is not None
    assert sum(energies) == pytest.approx(table.total.energy.number.value)


def test_ends_that_the_profile_leaves_out_have_no_number(files: RunFiles) -> None:
    table = build_costs(files.costs)
    assert table is not None
    assert table.rows[0].latency.number is None and table.rows[-1].energy.number is None
    assert "searchable layers only" in table.scope


def test_ends_that_the_profile_knows_are_in_table_and_chart(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    quantity = {"value": 0.002, "unit": "s", "origin": "modelled", "source": "a guess"}
    edit(path / "costs.json", "fixed", 0, "latency_s", value=0.002)
    edit(path / "costs.json", "fixed", 0, "latency_source", value=quantity)
    table = build_costs(read_run(path).costs)
    assert table is not None
    assert table.rows[0].latency.number is not None and table.rows[0].latency.origin == "modelled"
    assert table.charts[0].labels[0] == "stem" and len(table.charts[0].labels) == 23
    assert len(table.charts[1].labels) == 22
    assert "Latency: modelled, a guess" in table.sources


def test_what_is_between_the_parts_has_a_row_and_a_bar(tmp_path: Path) -> None:
    path = make_run(tmp_path)
    edit(path / "costs.json", "between", value={"latency_s": -0.0002, "energy_j": -0.002, "latency_by": {}})
    table = build_costs(read_run(path).costs)
    assert table is not None
    assert table.rows[-1].place == "between" and table.rows[-1].latency.number is not None
    assert table.rows[-1].latency.number.text.startswith("-200") and table.charts[0].labels[-1] == "between"


def test_sources_are_listed_once(files: RunFiles) -> None:
    table = build_costs(files.costs)
    assert table is not None and len(table.sources) == 2
    assert "i7-6950X" in table.sources[0] and "Raspberry Pi 3B" in table.sources[1]


def test_charts_show_the_rows(files: RunFiles) -> None:
    table = build_costs(files.costs)
    assert table is not None and files.costs is not None
    latency, energy = table.charts
    assert latency.values == tuple(layer.latency_s for layer in files.costs.layers)
    assert energy.values == tuple(layer.energy_j for layer in files.costs.layers)
    largest = max(range(22), key=lambda index: energy.values[index])
    assert f"{largest} {files.costs.layers[largest].operation} with" in energy.caption


def test_no_costs() -> None:
    assert build_costs(None) is None
