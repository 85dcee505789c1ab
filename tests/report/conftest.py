"""Pages that several tests read, rendered once: drawing takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.fake_run import make_run
from tests.report.reading import Document
from wattnas.report import write_report
from wattnas.report.read import RunFiles, read_run

WARNINGS = ("The profile knows no spread.", "12 images were skipped.")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished run, with its report; tests leave it as it is."""
    path = make_run(tmp_path_factory.mktemp("report") / "finished", warnings=WARNINGS)
    write_report(path)
    return path


@pytest.fixture(scope="session")
def files(finished: Path) -> RunFiles:
    """Its files."""
    return read_run(finished)


@pytest.fixture(scope="session")
def document(finished: Path) -> Document:
    """Its page."""
    return Document((finished / "report.html").read_text(encoding="utf-8"))
