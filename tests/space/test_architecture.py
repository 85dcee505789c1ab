from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.space.strategies import architectures, named, spaces
from wattnas.errors import SpaceError
from wattnas.files import write_json
from wattnas.space import Architecture, Candidate, Space, load_space

CIFAR = load_space("cifar")
ALL_SKIP = " ".join(["skip"] * 22)


@given(st.data(), named | spaces())
def test_text_round_trips(data: st.DataObject, space: Space) -> None:
    architecture = data.draw(architectures(space))
    assert Architecture.parse(str(architecture), space) == architecture
    assert " ".join(c.name for c in architecture.candidates) == str(architecture)


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\n", " ,\t "])
@pytest.mark.parametrize("edge", ["", " ", "\n", ","])
def test_spaces_and_commas_separate(separator: str, edge: str) -> None:
    text = edge + separator.join(["k3_e1"] + ["skip"] * 21) + edge
    architecture = Architecture.parse(text, CIFAR)
    assert architecture.candidates[:2] == (Candidate(3, 1), Candidate(0, 0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has 0 candidates, space 'cifar' 22 layers"),
        ("skip", "has 1 candidates, space 'cifar' 22 layers"),
        (ALL_SKIP + " skip", "has 23 candidates"),
        (
            ALL_SKIP.replace("skip", "k7_e1", 1),
            "Layer 0: 'k7_e1' is not a candidate of space 'cifar'. Its candidates are k3_e1,",
        ),
        (ALL_SKIP[:-4] + "SKIP", "Layer 21: 'SKIP'"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(SpaceError, match=reason):
        Architecture.parse(text, CIFAR)


@given(
    st.text()
    | st.lists(st.sampled_from([*CIFAR.candidates, "k7_e1", "\x00"]), min_size=20, max_size=24).map(" ".join)
)
def test_only_space_errors_come_out(text: str) -> None:
    try:
        architecture = Architecture.parse(text, CIFAR)
    except SpaceError:
        return
    assert len(architecture.operations) == 22


def test_file_round_trips(tmp_path: Path) -> None:
    architecture = Architecture.parse(ALL_SKIP, CIFAR)
    write_json(tmp_path / "architecture.json", architecture.model_dump(mode="json"))
    assert Architecture.load(tmp_path / "architecture.json", CIFAR) == architecture


def test_file_of_another_space(tmp_path: Path) -> None:
    path = tmp_path / "architecture.json"
    write_json(path, Architecture.parse(ALL_SKIP, CIFAR).model_dump(mode="json"))
    with pytest.raises(SpaceError, match="made for a space 'cifar' that differs from 'tiny'"):
        Architecture.load(path, load_space("tiny"))


def test_file_whose_operations_were_edited(tmp_path: Path) -> None:
    path = tmp_path / "architecture.json"
    raw = Architecture.parse(ALL_SKIP, CIFAR).model_dump(mode="json")
    write_json(path, raw | {"operations": ["k9_e9"] * 22})
    with pytest.raises(SpaceError, match="Layer 0: 'k9_e9'"):
        Architecture.load(path, CIFAR)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"space": 1, "space_hash": "", "operations": []}',
    ],
    ids=["empty", "cut", "list", "no keys", "null", "not text", "deep", "wrong type"],
)
def test_damaged_files_get_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "architecture.json"
    path.write_bytes(content)
    with pytest.raises(SpaceError, match=r"architecture\.json is not an architecture file: ") as caught:
        Architecture.load(path, CIFAR)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="is not an architecture file"):
        Architecture.load(tmp_path / "architecture.json", CIFAR)


@given(
    content=st.text()
    | st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(
        json.dumps
    )
)
@settings(deadline=None, max_examples=50)
def test_random_files_end_in_space_errors(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    path = tmp_path_factory.getbasetemp() / "random.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SpaceError):
        Architecture.load(path, CIFAR)
