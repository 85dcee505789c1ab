"""From a run directory to its `report.html`."""

from __future__ import annotations

from pathlib import Path

from wattnas.files import write_text
from wattnas.report.page import build_page
from wattnas.report.read import read_run
from wattnas.report.render import render

NAME = "report.html"


def write_report(run_path: Path) -> Path:
    """Write `report.html` into the run directory, whole or not at all, and return its path.

    The page says what is there: a run that has not ended gives a page that names what is missing. It is one
    file without scripts, and asks for nothing over the network. The same files give the same page.

    Raises:
        RunError: there is no run, or one of its files is damaged (the message names it).
    """
    path = run_path / NAME
    write_text(path, render(build_page(read_run(run_path))))
    return path
