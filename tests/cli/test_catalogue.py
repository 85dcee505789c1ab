"""What there is, what it costs, what this machine can measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builds import Built, wattnas
from tests.device.cases import PUBLISHED
from wattnas.device import builtin_profiles
from wattnas.space import load_space, named_spaces
from wattnas.space.load import parse_space

PARAMS = {
    "S1-L100": 324602,
    "S1-L80": 297850,
    "S1-L65": 231418,
    "S1-L50": 211418,
    "S1-L35": 195242,
    "S2-Normal": 232954,
}


def cost(*arguments: str) -> dict[str, Any]:
    code, out, err = wattnas("cost", *arguments, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_architectures_cost_what_was_published(name: str) -> None:
    operations, energy_j, _ = PUBLISHED[name]
    found = cost("--space", "cifar", "--device", "ozawa-2021", "--arch", operations)
    assert found["energy_j"] == pytest.approx(energy_j, abs=0.0005)
    assert found["params"] == PARAMS[name]
    layers = found["layers"]
    assert [layer["operation"] for layer in layers] == operations.split()
    for key in ("latency_s", "energy_j"):
        assert sum(layer[key] for layer in layers) == pytest.approx(found[key])
        assert all(layer[f"{key[:-2]}_source"]["source"] for layer in layers)
        assert found["sources"][key]["value"] == found[key]
    fixed = found["fixed"]
    for key in ("params", "macs"):
        assert sum(part[key] for part in layers + fixed) == found[key] > 0


def test_the_table_shows_every_layer_and_the_sums() -> None:
    operations, energy_j, _ = PUBLISHED["S1-L100"]
    code, out, _ = wattnas("cost", "--arch", operations)
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert [row[1] for row in rows if row and row[0].isdigit()] == operations.split()
    assert ["energy", f"{energy_j:g}", "J"] in [row[:3] for row in rows]
    assert ["parameters", "324.6", "k"] in [row[:3] for row in rows]


def test_an_architecture_file_is_taken_too(built: Built, inputs: Path) -> None:
    file, costs = built.path / "architecture.json", json.loads((built.path / "costs.json").read_text())
    given = ["--space", str(inputs / "toy.yaml"), "--device", str(inputs / "desk.json"), "--arch", str(file)]
    assert cost(*given) == costs
    code, _, err = wattnas("cost", "--arch", file)
    assert code == 2 and "differs from 'cifar'" in err


def test_classes_and_size_count() -> None:
    skips = " ".join(["skip"] * 6)
    grey, colour = (
        cost("--space", "tiny", "--size", "16", "--arch", skips, "--channels", c, "--classes", "3")
        for c in "13"
    )
    assert colour["params"] - grey["params"] == 2 * 9 * 24  # two more input channels into 24 3x3 filters
    ten = cost("--space", "tiny", "--size", "16", "--arch", skips, "--channels", "1")
    assert ten["params"] - grey["params"] == 7 * (64 + 1)


def test_spaces_are_listed_and_shown() -> None:
    code, out, _ = wattnas("spaces")
    assert code == 0 and all(name in out for name in named_spaces())
    listed = json.loads(wattnas("spaces", "--json").out)
    assert {space["name"]: space["hash"] for space in listed} == {
        name: load_space(name).hash for name in ("cifar", "imagenet", "tiny")
    }
    for name in named_spaces():
        shown = wattnas("spaces", "--show", name).out
        assert parse_space(shown, "shown") == load_space(name)


def test_devices_are_listed() -> None:
    code, out, _ = wattnas("devices")
    assert code == 0 and all(name in out for name in ("ozawa-2021", "local"))
    listed = json.loads(wattnas("devices", "--json").out)
    assert [device["name"] for device in listed] == list(builtin_profiles())
    ozawa = next(device for device in listed if device["name"] == "ozawa-2021")
    assert ozawa["entries"] == 22 * 9 and "notes" in ozawa and ozawa["scope"] == "layers"


def test_doctor_says_what_this_machine_can_measure() -> None:
    code, out, _ = wattnas("doctor")
    found = json.loads(wattnas("doctor", "--json").out)
    assert code == 0 and found
    assert all(set(finding) == {"available", "name", "detail", "hint"} for finding in found)
    assert all(finding["name"] in out for finding in found)
    assert all(finding["hint"] for finding in found if not finding["available"])
