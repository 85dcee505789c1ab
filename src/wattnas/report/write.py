"""From a directory of results to its `report.html`."""

from __future__ import annotations

from pathlib import Path

from wattnas.errors import RunError
from wattnas.files import write_text
from wattnas.report import analysis_file, sweep_file
from wattnas.report.analysis_page import build_analysis_page
from wattnas.report.page import build_page
from wattnas.report.read import read_run
from wattnas.report.render import Renderable, render
from wattnas.report.sweep_page import build_sweep_page

NAME = "report.html"


def write_report(path: Path, refresh_s: int = 0) -> Path:
    """Write `report.html` into the directory of a run, a sweep or an analysis, whole or not at all.

    The page says what is there: a run that has not ended gives a page that names what is missing. It is one
    file, and asks for nothing over the network. The same files give the same page.

    Args:
        refresh_s: seconds after which a browser reads the page again; 0 for never.

    Returns:
        The path of the page.

    Raises:
        RunError: there is nothing to report on, or a file is damaged (the message names it).
    """
    page = path / NAME
    write_text(page, render(read_page(path), refresh_s))
    return page


def read_page(path: Path) -> Renderable:
    """The page of what lies in `path`, as plain data; RunError where there is nothing, or it is damaged."""
    if (path / "run.json").is_file():
        return build_page(read_run(path))
    if (path / sweep_file.NAME).is_file():
        return build_sweep_page(sweep_file.read_sweep(path))
    if (path / analysis_file.NAME).is_file():
        return build_analysis_page(analysis_file.read_analysis(path), path.resolve().name)
    raise RunError(
        f"{path} is not a run directory, nor one of a sweep or an analysis: it has no run.json, "
        f"{sweep_file.NAME} or {analysis_file.NAME}.",
        "Give the --out of a build, a sweep or an analysis.",
    )
