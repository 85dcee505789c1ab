"""The documents say what the code does: keys, defaults, options, commands, formulas' figures, links.

Where a table is wrong, the failure shows the cells that it should have.
"""

from __future__ import annotations

import ast
import math
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
import typer
import yaml
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel

from tests.documents import DOCS, ROOT, blocks, choices, defaults, flat, prose, rows, section, shown
from tests.export.models import DIGITS, small_network
from wattnas.cli.app import EXIT_INTERRUPTED, app
from wattnas.cli.build import EXIT_GOAL_MISSED, default_out
from wattnas.config import (
    PRESETS,
    AugmentSettings,
    SearchSettings,
    Settings,
    SplitSettings,
    TrainSettings,
    merge_settings,
    read_preset,
)
from wattnas.data.divide import quotas
from wattnas.device import Profile, load_profile, predict
from wattnas.device.profile import Entry
from wattnas.errors import NumericError, WattnasError
from wattnas.export import export_network
from wattnas.objective import known_methods, make_objective
from wattnas.objective.cost import log_cost
from wattnas.space import Architecture, Head, Input, Layout, Space, Stage, Stem, load_space
from wattnas.space.load import parse_space
from wattnas.units import Quantity

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]

# Folders of one machine, and hosts of package, model and data registries, which mirrors stand in for.
LOCAL_PATH = re.compile(r"(?<![\w.~/$:-])(/(home|root|work|tmp|Users|mnt|opt|srv)\b|[A-Z]:\\)")
REGISTRY = re.compile(
    r"pypi\.|pythonhosted|download\.pytorch|huggingface\.co|anaconda|index-url|registry\.", re.I
)

each_document = pytest.mark.parametrize("name", DOCS)


# Settings, spaces, profiles, objectives: every key with its default, and no other


@pytest.mark.parametrize(
    ("part", "model"),
    [
        ("split", SplitSettings),
        ("augment", AugmentSettings),
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
    assert sections == {"split", "augment", "search", "train"}


def test_settings_at_the_top_and_their_flags() -> None:
    table = rows(section("docs/settings.md", "General"))
    assert {row[0]: row[2] for row in table} == defaults(Settings)
    options = {option.name: option.opts[0] for option in COMMANDS["build"].params}
    assert {row[0]: row[1] for row in table} == {row[0]: options.get(row[0], "") for row in table}
    accepted = {row[0]: row[3].split(", ") for row in table}
    assert accepted["method"] == list(known_methods()) and accepted["preset"] == list(PRESETS)


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
    given = {
        f"{part}.{key}": v for part in ("search", "train", "augment") for key, v in raw.pop(part).items()
    }
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
    network = small_network().eval()
    export_network(network, DIGITS, run / "model.onnx")
    pixels = telling_pixels(network)
    names = [node.value for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Constant)]
    (photo,) = (str(name) for name in names if str(name).endswith(".jpg"))
    Image.fromarray(pixels).save(tmp_path / photo, format="PNG")  # a JPEG would change the pixels
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip() == answer(network, pixels / 255)


def answer(network: torch.nn.Module, pixels: NDArray[Any]) -> str:
    with torch.inference_mode():
        return DIGITS[int(network(torch.from_numpy(pixels).float().view(1, 1, 8, 8)).argmax())]


def telling_pixels(network: torch.nn.Module) -> NDArray[np.uint8]:
    """An image whose class tells whether it came in on the right scale, and the right way round."""
    draw = np.random.default_rng(0)
    while True:
        pixels = draw.integers(0, 256, (8, 8), dtype=np.uint8)
        wrong = (pixels, pixels / 255**2, pixels.T / 255, 1 - pixels / 255)
        if answer(network, pixels / 255) not in {answer(network, each) for each in wrong}:
            return pixels


# Commands


def written_commands() -> Iterator[tuple[str, str]]:
    """(document, line) of every command in a block, without what the shell does with its output."""
    for name in DOCS:
        for block in blocks(name, ""):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith(("wattnas ", ".venv/bin/wattnas ")):
                    yield name, line.partition(" > ")[0]


@pytest.mark.parametrize(("name", "line"), list(written_commands()))
def test_a_command_line_parses(name: str, line: str) -> None:
    _, command, *arguments = shlex.split(line, comments=True)
    COMMANDS[command].make_context(command, arguments)  # parses and checks, runs nothing


@each_document
def test_commands_in_sentences_exist(name: str) -> None:
    for command, rest in re.findall(r"`wattnas ([a-z]+)([^`]*)`", prose(name)):
        known = {
            text for option in COMMANDS[command].params for text in (*option.opts, *option.secondary_opts)
        }
        assert set(re.findall(r"(?<=\s)-[-\w]+", rest)) <= known | {"--help"}


def test_the_table_of_commands() -> None:
    table = rows(section("README.md", "Commands"))
    assert [row[0] for row in table] == [f"wattnas {command}" for command in COMMANDS]


def test_the_table_of_exit_codes() -> None:
    codes = [int(row[0]) for row in rows(section("README.md", "Exit codes"))]
    raised = {NumericError.exit_code, WattnasError.exit_code, EXIT_GOAL_MISSED, EXIT_INTERRUPTED}
    assert codes == sorted({0} | raised)


@each_document
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", DOCS[name], re.MULTILINE)) <= targets


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


# Links and paths


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@each_document
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(name)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), target


@each_document
def test_files_that_are_named_exist(name: str) -> None:
    for path in re.findall(r"`([\w/-]+\.(?:py|toml|txt|yaml))`", prose(name)):
        if "/" in path and "NAME" not in path:
            assert any((base / path).is_file() for base in (ROOT, ROOT / "src" / "wattnas")), path


@each_document
def test_no_path_of_one_machine_and_no_registry(name: str) -> None:
    assert not LOCAL_PATH.findall(DOCS[name])
    assert not REGISTRY.findall(DOCS[name])
