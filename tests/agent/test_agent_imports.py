"""The agent runs on Python 3.9 with the standard library, numpy and onnxruntime: nothing else is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wattnas
from wattnas.agent.bundle import make_bundle

SOURCE = Path(wattnas.__file__).parent
TRAVELS = [
    *(SOURCE / name for name in ("__init__.py", "errors.py", "files.py", "machine.py")),
    *sorted((SOURCE / "agent").rglob("*.py")),
]
OURS = ("wattnas.errors", "wattnas.files", "wattnas.machine", "wattnas.agent")
INSTALLED = {"numpy", "onnxruntime"}
OF_METERS = {"pynvml", "smbus2", "zeus"}
NEW = {"slots", "kw_only", "strict"}  # keywords of dataclass and zip that Python 3.9 does not have

each_file = pytest.mark.parametrize("path", TRAVELS, ids=lambda path: str(path.relative_to(SOURCE)))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, also by `import_module("...")`, in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            if node.module == "wattnas":
                yield from (f"wattnas.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield from (str(word.value) for word in node.args[:1] if isinstance(word, ast.Constant))


def allowed(module: str, path: Path) -> bool:
    first = module.split(".")[0]
    if first == "wattnas":
        return module == "wattnas.__version__" or module == "wattnas" or module.startswith(OURS)
    third = INSTALLED | (OF_METERS if "meters" in path.parts else set())
    return first in sys.stdlib_module_names or first in third


@each_file
def test_what_travels_imports_nothing_else(path: Path) -> None:
    assert [module for module in imported(tree_of(path)) if not allowed(module, path)] == []


@each_file
def test_what_travels_is_python_3_9(path: Path) -> None:
    tree = tree_of(path)
    for node in ast.walk(tree):
        assert type(node).__name__ not in ("Match", "TryStar", "TypeAlias")
        if isinstance(node, ast.Call):
            assert not NEW & {str(word.arg) for word in node.keywords}, f"line {node.lineno}"
            if getattr(node.func, "id", "") in ("isinstance", "issubclass"):
                assert not isinstance(node.args[1], ast.BinOp), f"line {node.lineno}: X | Y at run time"
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            names = [part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)]
            types = isinstance(node.value.op, ast.BitOr) and {"str", "int", "float", "None"} & set(names)
            assert not types, f"line {node.lineno}: X | Y at run time"


@each_file
def test_annotations_are_not_evaluated(path: Path) -> None:
    annotated = any(isinstance(node, ast.AnnAssign | ast.arg) for node in ast.walk(tree_of(path)))
    if annotated and path.name not in ("__init__.py", "errors.py"):
        assert "from __future__ import annotations" in path.read_text(encoding="utf-8")


def test_errors_have_no_new_unions() -> None:
    assert " | " not in (SOURCE / "errors.py").read_text(encoding="utf-8")


def test_only_the_maker_of_the_file_stays_behind() -> None:
    inside = {name for name in make_bundle().content.split(b"PK\x03\x04") if b"bundle.py" in name[:80]}
    assert inside == set()
