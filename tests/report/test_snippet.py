"""The program on the page runs as printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.report.fake_run import make_run
from tests.report.reading import Document
from wattnas.report.read import read_run
from wattnas.report.snippet import build_snippet


def test_the_printed_program_names_a_class(finished: Path, document: Document) -> None:
    (program,) = document.inside("pre", "use")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=finished, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "automobile\n"  # the stand-in always names the second class


def test_the_program_has_the_shape_of_the_run(tmp_path: Path) -> None:
    program = build_snippet(read_run(make_run(tmp_path)))
    assert program is not None and "(N, 3, 32, 32)" in program and "random((1, 3, 32, 32)" in program
    compile(program, "snippet", "exec")


def test_there_is_no_program_without_a_model(tmp_path: Path) -> None:
    assert build_snippet(read_run(make_run(tmp_path, done=("search", "train")))) is None
