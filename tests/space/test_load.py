from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.space.strategies import spaces
from wattnas.errors import SpaceError
from wattnas.space import Space, load_space, named_spaces
from wattnas.space.load import parse_space

CIFAR: dict[str, Any] = load_space("cifar").model_dump(mode="json")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
trees = st.recursive(
    scalars,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=8), x, max_size=3),
    max_leaves=6,
)


def test_named_spaces() -> None:
    assert named_spaces() == ("cifar", "imagenet", "tiny")
    assert [load_space(name).name for name in named_spaces()] == ["cifar", "imagenet", "tiny"]


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_a_users_file(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(write(CIFAR | {"name": "mine"}), encoding="utf-8")
    assert load_space(str(path)).hash == load_space("cifar").hash


@given(spaces())
@settings(deadline=None)
def test_yaml_round_trips(space: Space) -> None:
    assert parse_space(yaml.safe_dump(space.model_dump(mode="json")), "file") == space


@pytest.mark.parametrize("name", ["", "cifar10", "/", "no/such/file.yaml", "a\x00b", "\ud800"])
def test_no_such_space(name: str) -> None:
    with pytest.raises(SpaceError, match=r"There is no space .* Named spaces: cifar, imagenet, tiny"):
        load_space(name)


def test_a_name_that_is_too_long_for_a_path() -> None:
    with pytest.raises(SpaceError):
        load_space("a" * 5000)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "image.yaml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(SpaceError, match="cannot be read as text"):
        load_space(str(path))


@pytest.mark.parametrize(
    "text",
    [
        "!!bool x",
        "!!timestamp x",
        '!!int ""',
        '!!float ""',
        "!!int x",
        "a: 2001-99-99",
        "a: " + "9" * 5000,
        "[" * 1500,
        "{a: [}",
        "a: \x00",
        "? [a]\n: b",
        "{<<: 3}",
        "!!python/object/apply:os.system [ls]",
    ],
)
def test_what_is_not_yaml_gets_one_line(text: str) -> None:
    with pytest.raises(SpaceError, match=r"^mine\.yaml is not YAML: ") as caught:
        parse_space(text, "mine.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "- a", "text", "3", "&a [*a]"])
def test_yaml_that_is_no_mapping(text: str) -> None:
    with pytest.raises(SpaceError, match=r"^mine\.yaml does not describe a space"):
        parse_space(text, "mine.yaml")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stem": {"channels": 16, "kernel": 2}}, "stem.kernel: 2 is even, and kernels are odd"),
        ({"candidates": ["skip", "foo"]}, "'foo' is not a candidate"),
        ({"stem": {"channels": 15}}, "layer 0 of space 'cifar': 15 channels do not divide"),
        ({"stages": [{"channels": 16}]}, "stages.0.layers: Field required"),
        ({"chanels": 3}, "chanels: Extra inputs are not permitted"),
    ],
)
def test_errors_name_file_key_and_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(SpaceError, match=rf"^mine\.yaml: .*{reason}"):
        parse_space(yaml.safe_dump(CIFAR | change), "mine.yaml")


@given(st.text() | trees.map(yaml.safe_dump))
@settings(deadline=None)
def test_random_text_ends_in_space_errors(text: str) -> None:
    with pytest.raises(SpaceError):
        parse_space(text, "file")


@given(st.data())
@settings(deadline=None)
def test_one_wrong_value_ends_in_a_space_or_a_space_error(data: st.DataObject) -> None:
    raw = json.loads(json.dumps(CIFAR))
    part = raw
    # Down to a random depth, then one value there becomes something else.
    while True:
        key = data.draw(st.sampled_from(range(len(part)) if isinstance(part, list) else sorted(part)))
        inner = part[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        part = inner
    part[key] = data.draw(trees)
    try:
        space = parse_space(yaml.safe_dump(raw), "file")
    except SpaceError as error:
        assert str(error).startswith("file")
    else:
        assert space.depth >= 1
