"""What the documents point at is there: commands, options, exit codes, make targets, files, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from tests.documents import DOCS, ROOT, blocks, prose, rows, section
from wattnas.cli import exits
from wattnas.cli.app import app
from wattnas.errors import NumericError, WattnasError

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]

# Folders of one machine, and hosts of package, model and data registries, which mirrors stand in for.
LOCAL_PATH = re.compile(r"(?<![\w.~/$:-])(/(home|root|work|tmp|Users|mnt|opt|srv)\b|[A-Z]:\\)")
REGISTRY = re.compile(
    r"pypi\.|pythonhosted|download\.pytorch|huggingface\.co|anaconda|index-url|registry\.", re.I
)

each_document = pytest.mark.parametrize("name", DOCS)


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
    raised = {NumericError.exit_code, WattnasError.exit_code, exits.MISSED, exits.INTERRUPTED}
    assert codes == sorted({0} | raised)


@each_document
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", DOCS[name], re.MULTILINE)) <= targets


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


def test_the_japanese_readme_has_the_same_commands() -> None:
    found = [re.findall(r"^```.*?^```$", DOCS[name], re.M | re.S) for name in ("README.md", "README.ja.md")]
    assert found[0] == found[1]
    inline = [
        set(re.findall(r"`((?:wattnas|make|--)[^`]*)`", prose(name)))
        for name in ("README.md", "README.ja.md")
    ]
    assert inline[0] == inline[1]


def test_the_japanese_readme_has_the_same_parts() -> None:
    for pattern in (r"^#+", r"^\|", r"^- |^\d\. "):
        counts = [len(re.findall(pattern, prose(name), re.M)) for name in ("README.md", "README.ja.md")]
        assert counts[0] == counts[1], pattern
