"""The documents say what the code does: keys, defaults, options, examples, figures.

Where a table is wrong, the failure shows the cells that it should have.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
import typer
import yaml
from PIL import Image
from pydantic import BaseModel

from tests.documents import DOCS, blocks, choices, defaults, flat, rows, section, shown
from tests.export.models import DIGITS, small_network
from wattnas.cli.app import app
from wattnas.cli.build import default_out
from wattnas.cli.options import _BOUNDS
from wattnas.config import GOAL_METHOD, PRESETS, SHORT_COSTS, Settings, merge_settings, read_preset
from wattnas.data.divide import quotas
from wattnas.data.pixels import decode
from wattnas.data.sources import Bad
from wattnas.device import Profile, load_profile, predict
from wattnas.device.profile import Entry
from wattnas.export import export_network
from wattnas.goals import Advice, Neighbour, Relaxation
from wattnas.objective import known_methods, make_objective
from wattnas.objective.cost import log_cost
from wattnas.pipeline import summarise
from wattnas.report.sweep_file import LayerShape, Network, Point, SweepFile
from wattnas.sections import (
    AugmentSettings,
    BoundSettings,
    Minimized,
    SearchSettings,
    SelectSettings,
    SplitSettings,
    SupernetSettings,
    TrainSettings,
)
from wattnas.space import Architecture, Head, Input, Layout, Space, Stage, Stem, load_space
from wattnas.space.load import parse_space
from wattnas.units import Quantity

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


# Settings, spaces, profiles, objectives: every key with its default, and no other


@pytest.mark.parametrize(
    ("part", "model"),
    [
        ("split", SplitSettings),
        ("augment", AugmentSettings),
        ("bounds", BoundSettings),
        ("supernet", SupernetSettings),
        ("select", SelectSettings),
        ("search", SearchSettings),
        ("train", TrainSettings),
    ],
)
def test_settings_of_a_section(part: str, model: type[BaseModel]) -> None:
    table = rows(section("docs/settings.md", f"`{part}`"))
    assert {row[0]: row[1] for row in table} == defaults(model, f"{part}.")
    accepted = {row[0]: row[2] for row in table}
    for key, field in model.model_fields.items():
        assert all(word in accepted[f"{part}.{key}"].split(", ") for word in choices(field.annotation))


def test_every_setting_is_in_a_section_or_at_the_top() -> None:
    sections = {key for key, field in Settings.model_fields.items() if isinstance(field.default, BaseModel)}
    assert sections == {"split", "augment", "bounds", "supernet", "select", "search", "train"}


def test_settings_at_the_top_and_their_flags() -> None:
    table = rows(section("docs/settings.md", "General"))
    assert {row[0]: row[2] for row in table} == defaults(Settings)
    options = {option.name: option.opts[0] for option in COMMANDS["build"].params}
    assert {row[0]: row[1] for row in table} == {row[0]: options.get(row[0], "") for row in table}
    accepted = {row[0]: row[3].split(", ") for row in table}
    assert accepted["method"] == [GOAL_METHOD, *known_methods()] and accepted["preset"] == list(PRESETS)
    assert accepted["minimize"] == list(get_args(Minimized))
    (meaning,) = (row[4] for row in table if row[0] == "minimize")
    assert all(short in meaning for short in SHORT_COSTS)


@pytest.mark.parametrize("flag", _BOUNDS)
def test_bounds_and_their_flags(flag: str) -> None:
    setting, parse = _BOUNDS[flag]
    option = next(option.opts[0] for option in COMMANDS["build"].params if option.name == flag)
    table = rows(section("docs/settings.md", "`bounds`"))
    (stated,) = (row for row in table if row[0] == f"bounds.{setting}")
    assert stated[3].endswith(f"{option}.")
    units = dict(rows(section("docs/settings.md", "Units of the flags")))[option]
    assert all(parse(f"1{unit}") > 0 for unit in units.split(", "))


def test_what_presets_change() -> None:
    goal = {"goal_accuracy": 0.5}
    plain = flat(Settings.model_validate(goal))
    each = [flat(Settings.model_validate(goal | read_preset(name))) for name in PRESETS]
    changed = {key for key in plain if any(preset[key] != plain[key] for preset in each)}
    table = {row[0]: row[1:] for row in rows(section("docs/settings.md", "What presets change"))}
    assert table == {key: [plain[key], *(preset[key] for preset in each)] for key in changed}


@pytest.mark.parametrize(
    ("heading", "model", "prefix"),
    [
        ("The whole file", Space, ""),
        ("`input`", Input, "input."),
        ("`stem`", Stem, "stem."),
        ("`stages`", Stage, "stages."),
        ("`head`", Head, "head."),
    ],
)
def test_keys_of_a_space(heading: str, model: type[BaseModel], prefix: str) -> None:
    table = rows(section("docs/spaces.md", heading))
    assert {row[0]: row[1] for row in table} == defaults(model, prefix)


def test_keys_of_a_profile() -> None:
    table = rows(section("docs/devices.md", "Write one"))
    wanted = [item for model in (Profile, Entry, Quantity) for item in defaults(model).items()]
    assert [(row[0], row[1]) for row in table] == wanted


def test_keys_of_a_sweep() -> None:
    table = rows(section("docs/report.md", "`sweep.json`"))
    models = (SweepFile, LayerShape, Network, Point)
    wanted = [item for model in models for item in defaults(model).items()]
    inherited = len(defaults(Network))
    wanted = [*wanted[: -len(defaults(Point))], *list(defaults(Point).items())[inherited:]]
    assert [(row[0], row[1]) for row in table] == wanted


def test_options_of_objectives() -> None:
    table = rows(section("docs/objectives.md", "Options"))
    for method in known_methods():
        options = make_objective(method, 0.8).settings()
        own = [field for field in fields(make_objective(method, 0.8)) if field.default is not MISSING]
        if any(row[0] == method and len(row) == 4 for row in table):
            stated = {row[1]: row[2] for row in table if row[0] == method}
            assert stated == {field.name: shown(field.default) for field in own}
        elif own:
            kind, given = next((row[1], row[2]) for row in table if row[0] == method)
            assert options["method"] == kind
            for name, value in (pair.split() for pair in given.split(", ")):
                assert shown(options[name]) == value
    listed = {row[0] for row in rows(DOCS["docs/objectives.md"])}
    assert listed.issuperset(known_methods())
    estimators = get_args(SearchSettings.model_fields["estimator"].annotation)
    assert listed.issuperset(estimators)


def test_keys_of_the_json_of_a_build() -> None:
    (body,) = ast.parse(inspect.getsource(summarise)).body
    (returned,) = (node.value for node in ast.walk(body) if isinstance(node, ast.Return))
    assert isinstance(returned, ast.Dict)
    wanted = [key.value for key in returned.keys if isinstance(key, ast.Constant)]
    assert listed(section("docs/goals.md", "What `--json` prints")) == wanted


def test_keys_of_the_advice() -> None:
    assert listed(section("docs/goals.md", "Files")) == list(Advice.model_fields)
    text = section("docs/goals.md", "Files")
    (relax,) = (row[1] for row in rows(text) if row[0] == "relax")
    assert all(key in relax for key in Relaxation.model_fields)
    assert all(f"`{key}`" in text for key in Neighbour.model_fields)


def listed(text: str) -> list[str]:
    """The keys of a table, in order; a row may have several."""
    return [key for row in rows(text) for key in row[0].split(", ")]


# Examples work


def test_the_space_file_and_its_shapes() -> None:
    (text,) = blocks("docs/spaces.md", "yaml")
    layout = Layout.resolve(parse_space(text, "docs/spaces.md"), classes=2)
    table = {
        row[0]: (int(row[1]), int(row[2])) for row in rows(section("docs/spaces.md", "Shapes are derived"))
    }
    wanted = {f"layer {layer.index}": (layer.out_channels, layer.out_size) for layer in layout.layers}
    first, head = layout.layers[0], layout.space.head
    wanted |= {"input": (layout.channels, layout.size), "stem": (first.in_channels, first.in_size)}
    assert table == wanted | {"head": (head.channels, 1)}
    assert f"= {layout.space.size} architectures" in DOCS["docs/spaces.md"]


def test_the_config_file(tmp_path: Path) -> None:
    (text,) = blocks("docs/settings.md", "yaml")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    merged = flat(merge_settings({}, tmp_path / "config.yaml"))
    raw = yaml.safe_load(text)
    parts = [key for key, value in raw.items() if isinstance(value, dict)]
    given = {f"{part}.{key}": v for part in parts for key, v in raw.pop(part).items()}
    assert {key: merged[key] for key in raw | given} == {key: shown(v) for key, v in (raw | given).items()}


def test_the_profile() -> None:
    (text,) = blocks("docs/devices.md", "json")
    assert len(Profile.parse(text, "docs/devices.md").entries) == 2


def test_the_program_that_lists_keys(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("docs/devices.md", "python")
    exec(compile(program, "docs/devices.md", "exec"), {})
    keys = capsys.readouterr().out.splitlines()
    assert set(keys[:-2]) == {entry.key for entry in load_profile("ozawa-2021").entries}
    for part, key in (("stem", keys[-2]), ("head", keys[-1])):
        assert f"| the {part} | `{key}`" in DOCS["docs/devices.md"]


def test_the_program_that_uses_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = blocks("README.md", "python")
    run = tmp_path / default_out(merge_settings({"data": "photos/", "goal_accuracy": 0.8}))
    run.mkdir(parents=True)
    export_network(small_network(), DIGITS, run / "model.onnx")
    (photo,) = re.findall(r'"(\S+\.jpg)"', program)
    noise = np.random.default_rng(0).integers(0, 256, (11, 14, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / photo)
    monkeypatch.chdir(tmp_path)
    variables: dict[str, Any] = {}
    exec(compile(program, "README.md", "exec"), variables)
    trained_on = decode(tmp_path / photo, 1, 8)
    assert not isinstance(trained_on, Bad)
    np.testing.assert_allclose(variables["pixels"], trained_on[None] / 255, atol=1e-6)
    assert capsys.readouterr().out.strip() in DIGITS


# Figures


def test_what_a_saving_is_worth() -> None:
    for cost, worth in rows(section("docs/objectives.md", "Known behaviour")):
        x = torch.tensor(float(cost), dtype=torch.float64, requires_grad=True)
        log_cost(x, 0.5, "power_of_log").backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        assert f"{float(cost) * x.grad.item():.2f}" == worth
    text = section("docs/objectives.md", "Known behaviour")
    for high, low in ((8000, 4000), (800, 400)):
        assert f"worth {math.sqrt(math.log(high)) - math.sqrt(math.log(low)):.2f}" in " ".join(text.split())


def test_the_architecture_that_skips_everything() -> None:
    space = load_space("cifar")
    skips = Architecture.of(("skip",) * space.depth, space)
    report = predict(load_profile("ozawa-2021"), Layout.resolve(space, 10), skips)
    assert f"costs {report.energy_j * 1e3:.2f} mJ" in DOCS["docs/objectives.md"].replace("\n", " ")


def test_the_split_of_a_hundred_images() -> None:
    share = Settings(goal_accuracy=0.5).split
    n = quotas(100, {"test": share.test, "validation": share.validation, "theta": share.theta})
    said = f"{n['test']} go to `test`, {n['validation']} to `validation`, {n['theta']} to `theta`"
    assert f"{said} and {n['weights']} to `weights`" in " ".join(DOCS["docs/data.md"].split())
