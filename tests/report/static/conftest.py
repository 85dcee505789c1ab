"""Pages of every kind in a real Chromium, without network; skipped where it is not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.report.fake_analysis import make_analysis
from tests.report.fake_run import CLASSES, add_loop, make_run
from tests.report.fake_sweep import make_sweep
from wattnas.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, ViewportSize

EVIL = "<script>alert(1)</script>"
WIDE, NARROW = (1280, 900), (380, 760)


@dataclass
class Opened:
    """A page in the browser, and what it complained about and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def run(self, script: str, argument: Any = None) -> Any:
        """The value of some JavaScript in the page."""
        return self.page.evaluate(script, argument)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Debian's package chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go: $WATTNAS_SCREENSHOTS, else a temporary folder."""
    stated = os.environ.get("WATTNAS_SCREENSHOTS")
    folder = Path(stated) if stated else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind; one class, one network and the run itself have hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    run = make_run(folder / EVIL.replace("/", "_"), classes=(EVIL, *CLASSES[1:]), warnings=(EVIL,))
    add_loop(run, EVIL)
    (folder / "sweep").mkdir()
    make_sweep(12, names={3: EVIL}).save(folder / "sweep" / "sweep.json")
    return {
        "run": write_report(run),
        "sweep": write_report(folder / "sweep"),
        "analysis": write_report(make_analysis(folder / "analysis")),
    }


def open_page(
    browser: Browser,
    path: Path,
    size: tuple[int, int] = WIDE,
    scheme: Literal["light", "dark"] = "light",
) -> Opened:
    """Open a page; everything that it asks for or complains about is noted."""
    viewport: ViewportSize = {"width": size[0], "height": size[1]}
    page = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True).new_page()
    opened = Opened(page)

    def refuse(dialog: Dialog) -> None:
        opened.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda said: opened.complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("dialog", refuse)
    page.on("request", lambda request: opened.requests.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("() => wattnas.drawn")
    return opened


@pytest.fixture(scope="session", params=("run", "sweep", "analysis"))
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of page in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def opened(browser: Browser, pages: dict[str, Path], kind: str) -> Iterator[Opened]:
    """A page of that kind on a wide screen; tests leave it as it is."""
    found = open_page(browser, pages[kind])
    yield found
    found.page.context.close()
