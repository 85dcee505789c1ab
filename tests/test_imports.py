"""The import table of docs/architecture.md, enforced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "wattnas"

BASE = {
    "checkpoint",
    "compute",
    "config",
    "errors",
    "files",
    "learned",
    "machine",
    "progress",
    "rundir",
    "schedule",
    "sections",
    "seeding",
    "stage",
    "units",
}

MAY_IMPORT: dict[str, set[str]] = {
    "agent": set(),
    "data": set(),
    "space": set(),
    "blocks": {"space"},
    "export": {"agent", "space", "blocks"},
    "device": {"agent", "space", "blocks", "export"},
    "objective": set(),
    "supernet": {"space", "blocks"},
    "search": {"data", "space", "supernet", "objective"},
    "train": {"data", "space", "blocks"},
    "goals": {"data", "space", "blocks", "device", "supernet", "train"},
    "zoo": {"space", "blocks"},
    "analysis": {"agent", "data", "space", "blocks", "export", "device", "zoo"},
    "report": set(),
    "pipeline": {
        "agent",
        "data",
        "space",
        "blocks",
        "export",
        "device",
        "objective",
        "supernet",
        "search",
        "train",
        "goals",
        "zoo",
        "analysis",
        "report",
    },
    "cli": {
        "agent",
        "data",
        "space",
        "blocks",
        "export",
        "device",
        "objective",
        "search",
        "train",
        "goals",
        "zoo",
        "analysis",
        "report",
        "pipeline",
    },
}


def imported(path: Path) -> Iterator[str]:
    """First-level parts of wattnas that a file imports, imports inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            names = [
                f"{node.module}.{alias.name}" if node.module == "wattnas" else str(node.module)
                for alias in node.names
            ]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "wattnas" and len(parts) > 1 and not parts[1].startswith("__"):
                yield parts[1]


def home(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_imports_only_what_its_package_may(path: Path) -> None:
    package = home(path)
    if package in {"__init__", "__main__"}:
        return
    allowed = BASE if package in BASE else BASE | MAY_IMPORT[package] | {package}
    assert set(imported(path)) <= allowed


def test_every_package_is_in_the_table() -> None:
    found = {entry.name for entry in SOURCE.iterdir() if (entry / "__init__.py").is_file()}
    assert found == set(MAY_IMPORT)
    assert {entry.stem for entry in SOURCE.glob("*.py")} - {"__init__", "__main__"} == BASE


def test_the_table_has_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        ready = {package for package, needs in MAY_IMPORT.items() if package not in done and needs <= done}
        assert ready, f"a cycle among {set(MAY_IMPORT) - done}"
        done |= ready
